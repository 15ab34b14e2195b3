/**
 * Messages into databases that hold many already, every one durable when it counts.
 * @module
 */
import type { NewMessageRecord, Store } from "@chat/store";
import type { BenchCase } from "../case.ts";
import type { Library } from "./library.ts";
import { openOurs } from "./open.ts";
import { Plain, type PlainKind } from "./plain.ts";
import { bytesOf, messageOf, SNAPSHOT_BYTES } from "./records.ts";

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
      ours: async (store, { message, session, snapshot }) =>
        store.write(({ messages, secrets }) => {
          secrets.putSession({ id: session, conversationId: message.conversationId, snapshot });
          messages.putMessage(message);
          messages.setCursor(TOPIC, message.sentAtMs);
        }),
      theirs: (plain, { message, session, snapshot }) => {
        plain.putSession(session, snapshot);
        plain.put(message);
        plain.setCursor(TOPIC, message.sentAtMs);
      },
    }),
    name: `receive-${underWay}-${peer}`,
    title: `message, ratchet state and cursor in one durable transaction, ${how}`,
  };
}

function insertCase(library: () => Promise<Library>, shape: Shape): BenchCase {
  return {
    ...caseOf(library, shape, {
      ours: async (store, { message }) => store.write((tx) => tx.messages.putMessage(message)),
      theirs: (plain, { message }) => plain.put(message),
    }),
    name: `insert-${shape.peer}`,
    title: `messages alone, ${shape.underWay} under way`,
  };
}

type Received = { readonly message: NewMessageRecord; readonly session: string; readonly snapshot: Uint8Array };

type Steps = {
  ours(store: Store, received: Received): Promise<void>;
  /** In a transaction that the caller has begun. */
  theirs(plain: Plain, received: Received): void;
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
      const rate = (write: (group: readonly Received[]) => Promise<void>) => measure(messages, underWay, next, write);
      return {
        ours: () =>
          rate(async (group) => {
            await Promise.all(group.map((received) => steps.ours(store, received)));
          }),
        theirs: () =>
          rate(async (group) =>
            plain.transaction(() => {
              for (const received of group) steps.theirs(plain, received);
            }),
          ),
        [Symbol.asyncDispose]: async () => {
          plain.close();
          await store.close();
        },
      };
    },
  } as const;
}

/** @returns messages per second, not counting the making of them */
async function measure(
  messages: number,
  underWay: number,
  next: () => number,
  write: (group: readonly Received[]) => Promise<void>,
): Promise<number> {
  const groups = Array.from({ length: messages / underWay }, () =>
    Array.from({ length: underWay }, () => received(next())),
  );
  const startedAtMs = performance.now();
  for (const group of groups) await write(group);
  return (messages * 1_000) / (performance.now() - startedAtMs);
}

function received(index: number): Received {
  const message = messageOf(index);
  return { message, session: `session-${message.conversationId}`, snapshot: bytesOf(SNAPSHOT_BYTES, index) };
}
