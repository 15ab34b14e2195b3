/** What lists say about messages that were stored before there were lists. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { openStore } from "@chat/store-sqlite";
import { expect, test } from "@jest/globals";
import { CONSUMED, CONVERSATIONS, KEY, messagesOf } from "./fixtures/content.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const directory = temporaryDirectory();

test.each([1, 2, 3, 4, 5])(
  "schema %i: what was consumed is read, and the conversation with the newest message is the first",
  async (version) => {
    const path = directory.file(`schema-${version}.db`);
    const fixture = readFileSync(join(import.meta.dirname, "fixtures", `schema-${version}.db.gz`));
    writeFileSync(path, gunzipSync(fixture));
    await using store = await openStore({
      path,
      key: KEY,
      search: { textOf: ({ content }) => new TextDecoder().decode(content) },
    });
    const messages = messagesOf(version).map((message, index) => ({ ...message, sequence: index + 1 }));
    const page = await store.messages.conversationPage({ limit: 9 });
    expect(page).toEqual(
      [...CONVERSATIONS].reverse().map((conversation, index) => {
        const own = messages.filter(({ conversationId }) => conversationId === conversation.id);
        const unread = own.filter(({ status, sequence }) => status === "received" && sequence > CONSUMED);
        return {
          ...conversation,
          activity: CONVERSATIONS.length - index,
          unreadCount: unread.length,
          readSequence: CONSUMED,
          last: own.sort((a, b) => a.lamport - b.lamport).at(-1),
        };
      }),
    );
    expect(page.map(({ unreadCount }) => unreadCount)).toEqual([2, 0]);
    const received = messages.filter(({ status }) => status === "received").reverse();
    expect(await store.messages.withStatus("received", { limit: 99 })).toEqual(received);
    expect(await store.messages.nextExpiry()).toBeUndefined();
    expect(await store.messages.search("message c1", { limit: 99, conversationId: "c1" })).toHaveLength(5); // one is empty
  },
);
