import {
  type ChatClient,
  type ChatEvent,
  type Conversation,
  defineContentType,
  isText,
  type Message,
  reaction,
  reply,
  text,
} from "@chat/sdk";
import { MemoryNetwork } from "@chat/sdk/testing";
import { decodeState } from "@chat/sds";
import { openMemoryStore, type Store } from "@chat/store";
import { describe, expect, test } from "@jest/globals";
import { next, nextText, nextTexts, open, temporaryFolder, until } from "./people.ts";
import { VirtualClock } from "./virtual-clock.ts";

const pollType = defineContentType({
  kind: "poll",
  domain: 70_000,
  tag: 1,
  encode: ({ question }: { readonly question: string }) => new TextEncoder().encode(question),
  decode: (payload) => ({ question: new TextDecoder().decode(payload) }),
  fallback: ({ question }) => `Poll: ${question}`,
});

function textsOf(messages: readonly Message[]): string[] {
  return messages.map(({ content }) => (isText(content) ? content.text : content.kind));
}

async function pair(options: Partial<Parameters<typeof open>[1]> = {}) {
  const network = new MemoryNetwork();
  const store = openMemoryStore();
  const raya = await open(network.connect(), options);
  const saro = await open(network.connect(), { contentTypes: [pollType], ...options });
  const chat = await saro.accept(await raya.createInvite(), text("1"));
  const { conversation } = await next(raya);
  const close = async () => {
    await raya.close();
    await saro.close();
  };
  return { network, store, raya, saro, chat, conversation, [Symbol.asyncDispose]: close };
}

async function sendAll(chat: Conversation, raya: ChatClient, bodies: readonly string[]): Promise<void> {
  for (const body of bodies) await chat.send(text(body));
  await nextTexts(raya, bodies.length);
}

describe("history", () => {
  test("goes both ways from any message, and a page stays what it was while new ones arrive", async () => {
    await using both = await pair();
    const { raya, chat, conversation } = both;
    await sendAll(chat, raya, ["2", "3", "4", "5"]);
    const all = await conversation.history();
    expect(textsOf(all)).toEqual(["1", "2", "3", "4", "5"]);
    const middle = all[2]?.id ?? "";
    const older = await conversation.history({ before: middle });
    expect(textsOf(older)).toEqual(["1", "2"]);
    expect(textsOf(await conversation.history({ after: middle, limit: 1 }))).toEqual(["4"]);
    expect(textsOf(await conversation.history({ around: middle, limit: 3 }))).toEqual(["2", "3", "4"]);
    await sendAll(chat, raya, ["6"]);
    expect(await conversation.history({ before: middle })).toEqual(older);
    await expect(conversation.history({ before: "nothing" })).rejects.toMatchObject({ code: "INVALID_OPTION" });
  });
});

describe("the overview", () => {
  test("has the newest activity first, the last message, and what is unread", async () => {
    const network = new MemoryNetwork();
    await using raya = await open(network.connect());
    await using saro = await open(network.connect());
    await using ayla = await open(network.connect());
    const ofSaro = await saro.accept(await raya.createInvite(), text("from Saro"));
    await next(raya);
    await ayla.accept(await raya.createInvite(), text("from Ayla"));
    await next(raya);
    const said = async () =>
      (await raya.overview()).map(({ last, unreadCount }) => [...textsOf(last ? [last] : []), unreadCount]);
    expect(await said()).toEqual([
      ["from Ayla", 1],
      ["from Saro", 1],
    ]);
    await ofSaro.send(text("again"));
    const { conversation } = await next(raya);
    expect(await said()).toEqual([
      ["again", 2],
      ["from Ayla", 1],
    ]);
    const [oldest] = await conversation.history();
    await conversation.markRead(oldest);
    expect((await said())[0]).toEqual(["again", 1]);
    await conversation.markRead();
    expect((await said())[0]).toEqual(["again", 0]);
    const [first] = await raya.overview({ limit: 1 });
    expect(await raya.overview({ limit: 5, before: first?.activity ?? 0 })).toHaveLength(1);
  });
});

describe("find", () => {
  test("finds by status, by type, and by text, newest first", async () => {
    await using both = await pair({ search: true });
    const { raya, saro, chat, conversation } = both;
    await chat.send(pollType.create({ question: "Tea or Café?" }));
    const { id } = await next(raya);
    await conversation.send(reply(id, "Café, please"));
    await conversation.send(reaction(id, "👍"));
    await next(saro);
    await next(saro);
    await until(async () => (await saro.find({ status: "delivered" })).length === 2, "both are delivered");
    expect(textsOf(await saro.find({ type: pollType }))).toEqual(["poll"]);
    expect(textsOf(await raya.find({ type: pollType }))).toEqual(["unsupported"]);
    expect(textsOf(await raya.find({ text: "cafe" }))).toEqual(["reply", "unsupported"]);
    expect(textsOf(await raya.find({ text: "cafe", limit: 1, conversation }))).toEqual(["reply"]);
    await expect(raya.find({})).rejects.toMatchObject({ code: "INVALID_OPTION" });
    await expect(raya.find({ text: "x", status: "sent" })).rejects.toMatchObject({ code: "INVALID_OPTION" });
  });

  test("by text needs the option, and works over a restart on a database", async () => {
    using folder = temporaryFolder();
    const network = new MemoryNetwork();
    await using raya = await open(network.connect());
    const database = folder.path("saro.db");
    const saro = await open(network.connect(), { database });
    await saro.accept(await raya.createInvite(), text("where is the umbrella?"));
    await expect(saro.find({ text: "umbrella" })).rejects.toMatchObject({ code: "INVALID_OPTION" });
    await saro.close();
    await using again = await open(network.connect(), { database, search: true });
    expect(textsOf(await again.find({ text: "UMBRELLA" }))).toEqual(["where is the umbrella?"]);
    expect(await again.statistics()).toMatchObject({ conversations: 1, messages: 1 });
  });
});

describe("deleting", () => {
  test("a message is gone here, does not come back when it arrives again, and stays on the other side", async () => {
    await using both = await pair();
    const { network, raya, chat, conversation } = both;
    await sendAll(chat, raya, ["2"]);
    const [first] = await conversation.history();
    await conversation.deleteMessage(first?.id ?? "");
    for (const message of network.published) network.inject({ ...message, hash: `again ${message.hash}` });
    await sendAll(chat, raya, ["3"]);
    expect(textsOf(await conversation.history())).toEqual(["2", "3"]);
    expect(textsOf(await chat.history())).toEqual(["1", "2", "3"]);
  });

  test("what of a deleted message has not left does not leave", async () => {
    await using both = await pair();
    const { network, saro, raya } = both;
    const cut = network.connect();
    await using ayla = await open(cut);
    cut.setHealth("disconnected");
    const chat = await ayla.accept(await raya.createInvite(), text("take it back"));
    const kept = await chat.send(text("keep it"));
    const [first] = await chat.history();
    await chat.deleteMessage(first?.id ?? "");
    expect(ayla.quota.used).toBe(0);
    const before = network.published.length;
    cut.setHealth("connected");
    await kept.delivered();
    expect(await nextText(raya)).toBe("keep it");
    expect(saro.health).toBe("connected");
    expect(network.published.length - before).toBeLessThanOrEqual(3); // one message, and acknowledgements
    expect((await ayla.statistics()).outbox).toBe(0);
  });

  test("what was deleted before anybody had it is not waited for any more", async () => {
    const [clock, network, store] = [new VirtualClock(), new MemoryNetwork(), openMemoryStore()];
    await using raya = await open(network.connect(), { clock });
    const delivery = network.connect();
    await using saro = await open(delivery, { clock, database: store });
    const chat = await saro.accept(await raya.createInvite());
    delivery.setHealth("disconnected");
    const { id } = await chat.send(text("take it back"));
    await chat.deleteMessage(id);
    delivery.setHealth("connected");
    await clock.pass(2 * 60_000);
    const [session] = await store.secrets.sessions();
    const state = await store.messages.sdsState(session?.id ?? "");
    expect(state && decodeState(state).outstanding).toEqual([]);
  });

  test("a conversation is gone with its keys; what still comes is for nobody, and a new invite begins anew", async () => {
    await using both = await pair();
    const { raya, saro, chat, conversation } = both;
    await sendAll(chat, raya, ["2"]);
    await conversation.delete();
    expect(await raya.conversations()).toEqual([]);
    expect(await raya.statistics()).toMatchObject({ conversations: 0, messages: 0, outbox: 0 });
    await expect(conversation.send(text("?"))).rejects.toMatchObject({ code: "NOT_FOUND" });
    const lost = await chat.send(text("3"));
    await lost.sent();
    await until(() => (raya.discarded["not-for-us"] ?? 0) > 0, "the message is for nobody");
    await saro.accept(await raya.createInvite(), text("anew"));
    expect(await nextText(raya)).toBe("anew");
    expect(textsOf(await conversation.history())).toEqual(["anew"]);
  });
});

describe("a message whose time is over", () => {
  async function withClock() {
    const clock = new VirtualClock();
    const network = new MemoryNetwork();
    const store: Store = openMemoryStore();
    const client = await open(network.connect(), { clock, database: store });
    const other = await open(network.connect(), { clock });
    const chat = await client.accept(await other.createInvite(), text("soon gone"));
    await clock.pass(1000);
    return { clock, client, other, chat };
  }

  test("goes when it is over, by the earlier of two times, and an event tells it", async () => {
    const { clock, client, other, chat } = await withClock();
    const events: ChatEvent[] = [];
    const reading = (async () => {
      for await (const event of client.events()) events.push(event);
    })();
    await chat.send(text("stays"));
    const [first] = await chat.history();
    await chat.setExpiry(first?.id ?? "", new Date(clock.nowMs() + 60_000));
    await chat.setExpiry(first?.id ?? "", new Date(clock.nowMs() + 90_000));
    expect((await chat.history())[0]?.expiresAt?.getTime()).toBe(clock.nowMs() + 60_000);
    await clock.pass(59_999);
    expect(textsOf(await chat.history())).toEqual(["soon gone", "stays"]);
    await clock.pass(1);
    expect(textsOf(await chat.history())).toEqual(["stays"]);
    await client.close();
    await other.close();
    await reading;
    expect(events).toContainEqual({ type: "expired", messageId: first?.id, conversationId: chat.id });
  });

  test("goes at the next start if no process ran", async () => {
    using folder = temporaryFolder();
    const clock = new VirtualClock();
    const network = new MemoryNetwork();
    await using other = await open(network.connect(), { clock });
    const database = folder.path("raya.db");
    const raya = await open(network.connect(), { clock, database });
    const chat = await raya.accept(await other.createInvite(), text("soon gone"));
    const [first] = await chat.history();
    await chat.setExpiry(first?.id ?? "", new Date(clock.nowMs() + 60_000));
    await raya.close();
    await clock.pass(60_000);
    await using again = await open(network.connect(), { clock, database });
    expect((await again.statistics()).messages).toBe(0);
  });
});
