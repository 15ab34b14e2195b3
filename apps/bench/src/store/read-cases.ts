/**
 * Reading from databases that hold many messages; what is read was written by ours sealed, by the peer as it is.
 * @module
 */
import type { BenchCase } from "../case.ts";
import type { Library } from "./library.ts";
import { openOurs } from "./open.ts";
import { Plain } from "./plain.ts";
import { CONVERSATIONS, conversationOf, idOf } from "./records.ts";

const PREPARE_LIMIT_MS = 900_000;
const PAGE = 50;
const PAGES = 400;

export function readCases(library: () => Promise<Library>): readonly BenchCase[] {
  return [
    pageCase(library, "newest", "the newest 50 messages of a conversation"),
    pageCase(library, "deep", "50 messages before one in the middle of a conversation"),
    conversationsCase(library),
    openCase(library),
  ];
}

function pageCase(library: () => Promise<Library>, kind: "newest" | "deep", title: string): BenchCase {
  return {
    name: `page-${kind}`,
    title,
    unit: "pages/s",
    better: "higher",
    peer: "plain better-sqlite3, indexed",
    note: "the peer opens no seal",
    rounds: 9,
    limitMs: PREPARE_LIMIT_MS,
    prepare: async () => {
      const { count, ours, plain: paths } = await library();
      const store = await openOurs(ours);
      const plain = new Plain(paths.indexed, "indexed");
      let turn = 0;
      const next = () => {
        turn += 7; // prime to the number of conversations
        const middle = (turn % CONVERSATIONS) + CONVERSATIONS * Math.floor(count / CONVERSATIONS / 2);
        return { conversation: conversationOf(turn), before: kind === "deep" ? idOf(middle) : undefined };
      };
      return {
        ours: () =>
          rate(async () => {
            const { conversation, before } = next();
            const page = await store.messages.page(conversation, {
              limit: PAGE,
              ...(before !== undefined && { before }),
            });
            return page.length;
          }),
        theirs: () =>
          rate(async () => {
            const { conversation, before } = next();
            return plain.page(conversation, PAGE, before).length;
          }),
        [Symbol.asyncDispose]: async () => {
          plain.close();
          await store.close();
        },
      };
    },
  };
}

/** @param page - reads one and gives its length @returns pages per second */
async function rate(page: () => Promise<number>): Promise<number> {
  const startedAtMs = performance.now();
  for (let count = 0; count < PAGES; count += 1) {
    const length = await page();
    if (length !== PAGE) throw new Error(`page: want ${PAGE} messages, got ${length}`);
  }
  return (PAGES * 1_000) / (performance.now() - startedAtMs);
}

function conversationsCase(library: () => Promise<Library>): BenchCase {
  return {
    name: "conversations",
    title: "50 conversations with their newest message and how many are unread",
    unit: "pages/s",
    better: "higher",
    peer: "plain better-sqlite3, indexed",
    note: "the peer opens no seal, counts nothing unread, and gives them in the order of their ids",
    rounds: 9,
    limitMs: PREPARE_LIMIT_MS,
    prepare: async () => {
      const { ours, plain: paths } = await library();
      const store = await openOurs(ours);
      const plain = new Plain(paths.indexed, "indexed");
      return {
        ours: () => rate(async () => (await store.messages.conversationPage({ limit: PAGE })).length),
        theirs: () => rate(async () => plain.conversations(PAGE).length),
        [Symbol.asyncDispose]: async () => {
          plain.close();
          await store.close();
        },
      };
    },
  };
}

function openCase(library: () => Promise<Library>): BenchCase {
  return {
    name: "open",
    title: "opening the database with a key of 32 bytes, and reading one message by its id",
    unit: "ms",
    better: "lower",
    peer: "plain better-sqlite3, indexed",
    note: "the peer takes no lock for itself, checks nothing and has no key; its page stands for a message",
    rounds: 15,
    limitMs: PREPARE_LIMIT_MS,
    prepare: async () => {
      const { ours, plain: paths } = await library();
      return {
        ours: async () => {
          const startedAtMs = performance.now();
          await using store = await openOurs(ours);
          if ((await store.messages.message(idOf(7))) === undefined) throw new Error("message: want one, got none");
          return performance.now() - startedAtMs;
        },
        theirs: async () => {
          const startedAtMs = performance.now();
          const plain = new Plain(paths.indexed, "indexed");
          plain.page(conversationOf(7), 1);
          const elapsedMs = performance.now() - startedAtMs;
          plain.close();
          return elapsedMs;
        },
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}
