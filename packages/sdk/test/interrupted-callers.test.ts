/** A caller that was interrupted finds out what became of what it had asked for, and of what was sent. */
import { text } from "@chat/sdk";
import { MemoryNetwork } from "@chat/sdk/testing";
import { expect, test } from "@jest/globals";
import { nextText, nextTexts, open, temporaryFolder, until } from "./people.ts";

test("what is sent again with its key is the same message, also after a restart and together with the first", async () => {
  using folder = temporaryFolder();
  const network = new MemoryNetwork();
  await using raya = await open(network.connect());
  const database = folder.path("saro.db");
  const saro = await open(network.connect(), { database });
  const invite = await raya.createInvite();
  const chat = await saro.accept(invite, text("hello"), { key: "first" });
  await saro.accept(invite, text("hello"), { key: "first" });
  const sent = await Promise.all([
    chat.send(text("one"), { key: "1" }),
    chat.send(text("one, again"), { key: "1" }),
    chat.send(text("two"), { key: "2" }),
  ]);
  expect(sent[1].id).toBe(sent[0].id);
  expect(sent[2].id).not.toBe(sent[0].id);
  await saro.close();

  await using later = await open(network.connect(), { database });
  const again = await later.conversation(chat.id);
  expect((await again.send(text("one"), { key: "1" })).id).toBe(sent[0].id);
  expect((await again.send(text("one"))).id).not.toBe(sent[0].id);
  expect(await nextTexts(raya, 4)).toEqual(["hello", "one", "two", "one"]);
  expect(await again.history()).toHaveLength(4);
});

test("a key is of one conversation, and is forgotten with its message", async () => {
  const network = new MemoryNetwork();
  await using raya = await open(network.connect());
  await using saro = await open(network.connect());
  await using omar = await open(network.connect());
  const toRaya = await saro.accept(await raya.createInvite());
  const toOmar = await saro.accept(await omar.createInvite());
  const [one, two] = [await toRaya.send(text("1"), { key: "k" }), await toOmar.send(text("2"), { key: "k" })];
  expect(one.id).not.toBe(two.id);
  await toRaya.deleteMessage(one.id);
  expect((await toRaya.send(text("3"), { key: "k" })).id).not.toBe(one.id);
});

test.each(["", "x".repeat(1_025), "\ud800"])("a key that is none is refused (%#)", async (key) => {
  const network = new MemoryNetwork();
  await using raya = await open(network.connect());
  await using saro = await open(network.connect());
  const invite = await raya.createInvite();
  await expect(saro.accept(invite, text("1"), { key })).rejects.toMatchObject({ code: "INVALID_OPTION" });
  const chat = await saro.accept(invite, text("1"));
  await expect(chat.send(text("2"), { key })).rejects.toMatchObject({ code: "INVALID_OPTION" });
});

test("steps of messages are told from a number on, over restarts, and nothing twice", async () => {
  using folder = temporaryFolder();
  const network = new MemoryNetwork();
  await using raya = await open(network.connect());
  const database = folder.path("saro.db");
  const saro = await open(network.connect(), { database });
  const chat = await saro.accept(await raya.createInvite());
  const first = await chat.send(text("1"));
  await first.delivered();
  const { statusChange } = await saro.latest();
  const second = await chat.send(text("2"));
  await second.delivered();
  await saro.close();

  await using later = await open(network.connect(), { database });
  const news: [string, string][] = [];
  const ending = new AbortController();
  const reading = (async () => {
    for await (const { messageId, conversationId, status } of later.statusChanges({
      since: statusChange,
      signal: ending.signal,
    })) {
      expect(conversationId).toBe(chat.id);
      news.push([messageId, status]);
    }
  })();
  await until(() => news.length === 1, "the last step of the second message");
  const third = await (await later.conversation(chat.id)).send(text("3"));
  await third.delivered();
  await until(() => news.at(-1)?.[1] === "delivered" && news.at(-1)?.[0] === third.id, "the steps of the third one");
  ending.abort();
  await reading;
  expect(news[0]).toEqual([second.id, "delivered"]);
  expect(new Set(news.map(String)).size).toBe(news.length);
  expect(news.slice(1).every(([id]) => id === third.id)).toBe(true);
});

test("single messages and conversations are found by id, in either direction", async () => {
  const network = new MemoryNetwork();
  await using raya = await open(network.connect());
  await using saro = await open(network.connect());
  const chat = await saro.accept(await raya.createInvite());
  const { id } = await chat.send(text("hello"));
  expect(await nextText(raya)).toBe("hello");
  expect(await saro.message(id)).toMatchObject({ id, direction: "outgoing", conversation: { id: chat.id } });
  expect(await raya.message(id)).toMatchObject({ id, direction: "incoming", sequence: (await raya.latest()).sequence });
  await expect(saro.message("none")).rejects.toMatchObject({ code: "NOT_FOUND" });
  await expect(saro.conversation("none")).rejects.toMatchObject({ code: "NOT_FOUND" });
  await saro.close();
  await expect(saro.message(id)).rejects.toMatchObject({ code: "CLOSED" });
});
