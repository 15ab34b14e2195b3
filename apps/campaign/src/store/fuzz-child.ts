/**
 * A process of its own that opens hostile databases and reads all it can: whatever ends it is a finding. Its one argument
 * is a {@link FuzzOrder}; it prints a {@link FuzzLine} before and after each file.
 * @module
 */
import crypto from "node:crypto";
import { rmSync, writeFileSync, writeSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { Random } from "../random.ts";
import { type Files, MUTATIONS } from "./hostile-files.ts";

export type FuzzOrder = {
  readonly seed: number;
  readonly batch: number;
  readonly files: number;
  /** Empty; what is left in it when the process ends is the file that ended it. */
  readonly directory: string;
};

export type FuzzLine =
  | { readonly kind: "file"; readonly index: number; readonly mutation: string }
  | { readonly kind: "outcome"; readonly mutation: string; readonly code: string }
  | { readonly kind: "problem"; readonly message: string }
  | { readonly kind: "done"; readonly slowestMs: number; readonly peakResidentBytes: number };

const order: FuzzOrder = JSON.parse(process.argv[2] ?? "");
const random = new Random(order.seed, 2 * order.batch);

// Keys and nonces are those of the seed, so that it repeats every byte of a file.
const nonces = new Random(order.seed, 2 * order.batch + 1);
crypto.randomBytes = ((length: number) => Buffer.from(nonces.bytes(length))) as typeof crypto.randomBytes;
syncBuiltinESMExports();
const { makeBases, withStore } = await import("./intact.ts");

/** What each call may end with, opening and closing among them. */
const DOCUMENTED = ["CORRUPT", "WRONG_KEY", "SCHEMA_TOO_NEW", "IO", "INVALID_RECORD"];

/** All that was ever put at a place. */
const sealed = new Map<string, Set<string>>();
const bases = await makeBases(join(order.directory, "intact.db"), random, (place, value) => {
  const values = sealed.get(place) ?? new Set();
  sealed.set(place, values.add(value));
});

const path = join(order.directory, "hostile.db");
let slowestMs = 0;
for (let index = 0; index < order.files; index += 1) {
  const mutation = random.pick(Object.keys(MUTATIONS));
  tell({ kind: "file", index, mutation });
  const files = MUTATIONS[mutation]?.(random, bases, join(order.directory, "scratch.db"));
  if (files === undefined) throw new RangeError(`mutation: want one of those listed, got ${mutation}`);
  const startedAtMs = performance.now();
  for (const code of await outcomesOf(files)) tell({ kind: "outcome", mutation, code });
  slowestMs = Math.max(slowestMs, performance.now() - startedAtMs);
}
for (const suffix of ["", "-wal", "-journal", "-shm"]) rmSync(`${path}${suffix}`, { force: true });
tell({ kind: "done", slowestMs, peakResidentBytes: process.resourceUsage().maxRSS * 1_024 });

/** @returns what the calls ended with: "read", or a code, once each */
async function outcomesOf({ database, wal, journal }: Files): Promise<Set<string>> {
  const outcomes = new Set<string>();
  const note = (error: unknown) => outcomes.add(codeOf(error));
  for (const suffix of ["-wal", "-journal", "-shm"]) rmSync(`${path}${suffix}`, { force: true });
  writeFileSync(path, database);
  if (wal !== undefined) writeFileSync(`${path}-wal`, wal);
  if (journal !== undefined) writeFileSync(`${path}-journal`, journal);
  const opened = withStore(path, async (reads, writes) => {
    for (const read of reads) {
      try {
        for (const [place, value] of await read()) check(place, value);
        outcomes.add("read");
      } catch (error) {
        note(error);
      }
    }
    for (const write of writes) await write().catch(note);
  });
  await opened.catch(note);
  return outcomes;
}

function check(place: string, value: string): void {
  if (sealed.get(place)?.has(value)) return;
  stop(`${place}: want what was put there, got ${value.slice(0, 200)}`);
}

function codeOf(error: unknown): string {
  const code = typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
  if (DOCUMENTED.includes(code) && error instanceof Error && /^(StoreError|RateLimitError)$/.test(error.name))
    return code;
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return stop(`want a documented code, got ${text}`);
}

/** At once, so that the file is left as it is. */
function stop(message: string): never {
  tell({ kind: "problem", message });
  process.exit(1);
}

function tell(line: FuzzLine): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}
