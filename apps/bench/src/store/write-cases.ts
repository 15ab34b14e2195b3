/**
 * Messages into databases that hold many already, every one durable when it counts.
 * @module
 */
import type { Store } from "@chat/store";
import type { BenchCase } from "../case.ts";
import type { Library } from "./library.ts";
import { openOurs } from "./open.ts";
import { Plain, type PlainKind } from "./plain.ts";
import { bytesOf, conversationOf, messageOf, SNAPSHOT_BYTES } from "./records.ts";

/** To be made before it is measured. */
const PREPARE_LIMIT_MS = 900_000;
const TOPIC = "/chat/1/receive/proto";

type Shape = {
  readonly peer: PlainKind;
  readonly messages: number;
  /** Of ours: calls that are not awaited one by one, and share a wait for the disk. Of the peer: one transaction. */
  readonly underWay: number;
};

export function writeCases(library: () => Promise<Library>): readonly BenchCase[] {
  return (["bare", "indexed"] as const).flatMap((peer) => [
    receiveCase(library, { peer, messages: 1_000, underWay: 1 }),
    receiveCase(library, { peer, messages: 8_000, underWay: 32 }),
    insertCase(library, { peer, messages: 20_000, underWay: 1_000 }),
  ]);
}

function receiveCase(library: () => Promise<Library>, shape: Shape): BenchCase {
  const { peer, underWay } = shape;
  const how = underWay === 1 ? "one by one" : `${underWay} under way`;
  return {
    ...caseOf(library, shape, {
      ours: async (store, index) =>
        store.write(({ messages, secrets }) => {
          secrets.putSession({
            id: sessionOf(index),
            conversationId: conversationOf(index),
            snapshot: snapshotOf(index),
          });
          messages.putMessage(messageOf(index));
          messages.setCursor(TOPIC, index);
        }),
      theirs: (plain, index) => {
        plain.putSession(sessionOf(index), snapshotOf(index));
        plain.put(messageOf(index));
        plain.setCursor(TOPIC, index);
      },
    }),
    name: `receive-${underWay}-${peer}`,
    title: `message, ratchet state and cursor in one durable transaction, ${how}`,
  };
}

function insertCase(library: () => Promise<Library>, shape: Shape): BenchCase {
  return {
    ...caseOf(library, shape, {
      ours: async (store, index) => store.write((tx) => tx.messages.putMessage(messageOf(index))),
      theirs: (plain, index) => plain.put(messageOf(index)),
    }),
    name: `insert-${shape.peer}`,
    title: `messages alone, ${shape.underWay} under way`,
  };
}

type Steps = {
  ours(store: Store, index: number): Promise<void>;
  /** In a transaction that the caller has begun. */
  theirs(plain: Plain, index: number): void;
};

function caseOf(library: () => Promise<Library>, { peer, messages, underWay }: Shape, steps: Steps) {
  return {
    unit: "msg/s",
    better: "higher",
    peer: `plain better-sqlite3, ${peer}`,
    rounds: 7,
    limitMs: PREPARE_LIMIT_MS,
    prepare: async () => {
      const { ours, plain: paths, next } = await library();
      const store = await openOurs(ours);
      const plain = new Plain(paths[peer], peer);
      return {
        ours: () =>
          rate(messages, async () => {
            for (let left = messages; left > 0; left -= underWay) {
              await Promise.all(Array.from({ length: underWay }, () => steps.ours(store, next())));
            }
          }),
        theirs: () =>
          rate(messages, async () => {
            for (let left = messages; left > 0; left -= underWay) {
              plain.transaction(() => {
                for (let count = 0; count < underWay; count += 1) steps.theirs(plain, next());
              });
            }
          }),
        [Symbol.asyncDispose]: async () => {
          plain.close();
          await store.close();
        },
      };
    },
  } as const;
}

/** @returns messages per second */
async function rate(messages: number, work: () => Promise<void>): Promise<number> {
  const startedAtMs = performance.now();
  await work();
  return (messages * 1_000) / (performance.now() - startedAtMs);
}

function sessionOf(index: number): string {
  return `session-${conversationOf(index)}`;
}

function snapshotOf(index: number): Uint8Array {
  return bytesOf(SNAPSHOT_BYTES, index);
}
