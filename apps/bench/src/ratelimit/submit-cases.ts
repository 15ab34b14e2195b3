/**
 * Submissions per second: with a quota that never binds until all have passed, and with one that lets a hundred pass
 * until those have and the rest waits.
 * @module
 */
import type { BenchCase } from "../case.ts";
import { type OpenGate, ours, PEERS, UNBOUND } from "./gates.ts";
import { inSqlite } from "./sqlite.ts";

const MESSAGE = new Uint8Array(200).fill(7);
const BINDING = 100;

const LOOSE = "peers keep nothing: no store, no index of its own for each message, no status, no low mark that drops";

export const submitCases: readonly BenchCase[] = [
  ...Object.keys(PEERS).flatMap((peer) => [
    submitCase({ kind: "pass", peer, messages: 2_000 }),
    submitCase({ kind: "queue", peer, messages: 2_000 }),
  ]),
  submitCase({ kind: "pass", peer: "rate-limiter-flexible", messages: 1_000, isSqlite: true }),
  submitCase({ kind: "queue", peer: "rate-limiter-flexible", messages: 1_000, isSqlite: true }),
];

type Shape = {
  readonly kind: "pass" | "queue";
  readonly peer: string;
  readonly messages: number;
  readonly isSqlite?: boolean;
};

function submitCase({ kind, peer, messages, isSqlite = false }: Shape): BenchCase {
  const open = PEERS[peer];
  if (open === undefined) throw new RangeError(`peer: want one of ${Object.keys(PEERS).join(", ")}, got ${peer}`);
  const limit = kind === "pass" ? UNBOUND : BINDING;
  const what =
    kind === "pass" ? "submitted and passed, no limit felt" : `submitted, ${BINDING} passed, the rest queued`;
  return {
    name: isSqlite ? `${kind}-sqlite` : `${kind}-${peer}`,
    title: `${what}${isSqlite ? ", ours on SQLite" : ""}`,
    unit: "msg/s",
    better: "higher",
    peer,
    note: isSqlite ? `${LOOSE}; ours is encrypted and waits for the disk, the peer is in memory` : LOOSE,
    rounds: 5,
    limitMs: 60_000,
    prepare: async () => ({
      ours: () => (isSqlite ? inSqlite((store) => rate(ours(store), limit, messages)) : rate(ours(), limit, messages)),
      theirs: () => rate(open, limit, messages),
      [Symbol.asyncDispose]: async () => {},
    }),
  };
}

/** @returns messages per second */
async function rate(open: OpenGate, limit: number, messages: number): Promise<number> {
  const due = Math.min(limit, messages);
  let passed = 0;
  const all = Promise.withResolvers<void>();
  await using gate = await open(limit, () => {
    passed += 1;
    if (passed === due) all.resolve();
  });
  const startedAtMs = performance.now();
  const taken: unknown[] = [];
  for (let count = 0; count < messages; count += 1) taken.push(gate.submit(MESSAGE));
  await Promise.all([...taken, all.promise]);
  const elapsedMs = performance.now() - startedAtMs;
  if (passed !== due) throw new Error(`passed: want ${due}, got ${passed}`);
  return (messages * 1_000) / elapsedMs;
}
