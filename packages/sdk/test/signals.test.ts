/** Typing and read receipts: events, and no messages. */
import { type ChatEvent, type Conversation, readReceipt, text, typing } from "@chat/sdk";
import { expect, test } from "@jest/globals";
import { MemoryNetwork } from "../src/delivery/memory-network.ts";
import { openPerson } from "./person.ts";
import { VirtualClock } from "./virtual-clock.ts";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

type Side = Awaited<ReturnType<typeof enter>>;
type Entry = { readonly messagesPerEpoch?: number; readonly readReceipts?: boolean };

function enter(network: MemoryNetwork, clock: VirtualClock, { messagesPerEpoch = 10_000, ...options }: Entry = {}) {
  return openPerson(network.connect(), { clock, rateLimit: { messagesPerEpoch }, ...options });
}

async function meet(
  clock: VirtualClock,
  raya: Side,
  saro: Side,
): Promise<[toSaro: Conversation, toRaya: Conversation]> {
  const accepted = raya.client.createInvite().then((link) => saro.client.accept(link, text("hello")));
  await clock.pass(MINUTE_MS);
  const toRaya = await accepted;
  const [toSaro] = await raya.client.conversations();
  if (toSaro === undefined) throw new Error("no conversation");
  await write(clock, toSaro, "hello too");
  return [toSaro, toRaya];
}

/** Written, delivered, and confirmed. */
async function write(clock: VirtualClock, conversation: Conversation, body: string) {
  const writing = conversation.send(text(body));
  await clock.pass(MINUTE_MS);
  return writing;
}

async function passing<Value>(clock: VirtualClock, ms: number, promise: Promise<Value>): Promise<Value> {
  await clock.pass(ms);
  return promise;
}

const typingOf = ({ events }: Side) => events.flatMap((event) => (event.type === "typing" ? [event.isTyping] : []));

test("a burst of typing is one message in five seconds at most, and the other side sees it begin and end", async () => {
  const [clock, network] = [new VirtualClock(), new MemoryNetwork()];
  const [raya, saro] = [await enter(network, clock), await enter(network, clock)];
  const [toSaro, toRaya] = await meet(clock, raya, saro);
  const [before, stored] = [network.published.length, await saro.client.statistics()];
  for (let key = 0; key < 200; key += 1) await passing(clock, 100, toSaro.typing());
  expect(network.published.length - before).toBe(4);
  expect(new Set(network.published.slice(before).map(({ payload }) => payload.length)).size).toBeLessThanOrEqual(2);
  expect(new Set(typingOf(saro))).toEqual(new Set([true]));
  await clock.pass(15 * SECOND_MS);
  expect(typingOf(saro).at(-1)).toBe(false);
  // Nobody keeps anything of it, and nobody confirms it.
  await clock.pass(60 * MINUTE_MS);
  expect(network.published.length - before).toBe(4);
  expect(saro.texts).toEqual(["hello too"]);
  expect((await saro.client.statistics()).messages).toBe(stored.messages);
  expect((await toRaya.history()).length).toBe(2);
  expect((await saro.client.overview())[0]?.unreadCount).toBe(1);
  expect((await raya.client.statistics()).outbox).toBe(0);
});

test("a message ends typing at once, and so does the word that nobody types any more", async () => {
  const [clock, network] = [new VirtualClock(), new MemoryNetwork()];
  const [raya, saro] = [await enter(network, clock), await enter(network, clock)];
  const [toSaro] = await meet(clock, raya, saro);
  await passing(clock, SECOND_MS, toSaro.typing());
  await passing(clock, SECOND_MS, toSaro.send(text("done")));
  expect(typingOf(saro)).toEqual([true, false]);
  await clock.pass(10 * SECOND_MS);
  await passing(clock, 6 * SECOND_MS, toSaro.typing());
  await passing(clock, SECOND_MS, toSaro.typing(false));
  expect(typingOf(saro)).toEqual([true, false, true, false]);
  await passing(clock, SECOND_MS, toSaro.typing(false));
  expect(typingOf(saro).length).toBe(4);
});

test("typing costs nothing while quota is low or the connection is gone, and is not made up for", async () => {
  const [clock, network] = [new VirtualClock(), new MemoryNetwork()];
  const [raya, saro] = [await enter(network, clock, { messagesPerEpoch: 10 }), await enter(network, clock)];
  const [toSaro] = await meet(clock, raya, saro);
  await clock.pass(10 * MINUTE_MS);
  for (const body of ["1", "2", "3", "4", "5", "6", "7", "8"]) await passing(clock, SECOND_MS, toSaro.send(text(body)));
  expect(raya.client.quota.level).toBe("low");
  const before = network.published.length;
  for (let key = 0; key < 20; key += 1) await passing(clock, SECOND_MS, toSaro.typing());
  const ofRaya = () => raya.client.quota.used;
  expect(ofRaya()).toBe(8);
  await clock.pass(20 * MINUTE_MS);
  expect(raya.client.quota.level).toBe("high");
  raya.delivery.setHealth("disconnected");
  await passing(clock, SECOND_MS, toSaro.typing());
  raya.delivery.setHealth("connected");
  await clock.pass(20 * MINUTE_MS);
  expect(typingOf(saro)).toEqual([]);
  // What Saro had to confirm.
  expect(network.published.length - before).toBeLessThanOrEqual(1);
});

test("what was typed long ago is no news when it comes from a store node", async () => {
  const [clock, network] = [new VirtualClock(), new MemoryNetwork()];
  const [raya, saro] = [await enter(network, clock), await enter(network, clock)];
  const [toSaro] = await meet(clock, raya, saro);
  saro.delivery.setHealth("disconnected");
  await passing(clock, 5 * MINUTE_MS, toSaro.typing());
  await write(clock, toSaro, "are you there?");
  saro.delivery.setHealth("connected");
  await clock.pass(MINUTE_MS);
  expect(saro.texts.at(-1)).toBe("are you there?");
  expect(typingOf(saro)).toEqual([]);
});

test("nobody is told what was read unless the reader wants it", async () => {
  const [clock, network] = [new VirtualClock(), new MemoryNetwork()];
  const [raya, saro] = [await enter(network, clock), await enter(network, clock)];
  const [, toRaya] = await meet(clock, raya, saro);
  const before = network.published.length;
  await passing(clock, MINUTE_MS, toRaya.markRead());
  expect(network.published.length).toBe(before);
});

test("a receipt makes delivered messages read, once and for good, and is stored nowhere (CHAT-F4)", async () => {
  const [clock, network] = [new VirtualClock(), new MemoryNetwork()];
  const [raya, saro] = [await enter(network, clock), await enter(network, clock, { readReceipts: true })];
  const [toSaro, toRaya] = await meet(clock, raya, saro);
  const told: string[] = [];
  const first = await write(clock, toSaro, "first");
  void (async () => {
    for await (const status of first.statuses()) told.push(status);
    told.push("ended");
  })();
  const second = await write(clock, toSaro, "second");
  expect([await first.status(), await second.status()]).toEqual(["delivered", "delivered"]);
  const before = network.published.length;
  const messages = await toRaya.history();
  const read = messages.find(({ id }) => id === first.id);
  await passing(clock, MINUTE_MS, toRaya.markRead(read));
  expect([await first.status(), await second.status()]).toEqual(["read", "delivered"]);
  expect(told).toEqual(["delivered", "read", "ended"]);
  for (let again = 0; again < 5; again += 1) await passing(clock, SECOND_MS, toRaya.markRead());
  await clock.pass(60 * MINUTE_MS);
  await second.read();
  await second.delivered();
  expect(network.published.length - before).toBe(2);
  expect((await toSaro.history()).map((message) => "status" in message && message.status)).toEqual([
    ...[false, "read", "read", "read"],
  ]);
  expect(raya.texts).toEqual(["hello"]);
  expect((await raya.client.overview())[0]?.unreadCount).toBe(1);
  const statuses = raya.events.flatMap((event) =>
    event.type === "status" && event.messageId === first.id ? [event.status] : [],
  );
  expect(statuses).toEqual(["queued", "sent", "delivered", "read"]);
  expect((await raya.client.find({ status: "read" })).length).toBe(3);
});

test("a lost receipt is made good by the next one", async () => {
  const [clock, network] = [new VirtualClock(), new MemoryNetwork()];
  const [raya, saro] = [await enter(network, clock), await enter(network, clock, { readReceipts: true })];
  const [toSaro, toRaya] = await meet(clock, raya, saro);
  const first = await write(clock, toSaro, "first");
  network.losesCopy = () => true;
  network.answerHistory = () => [];
  await passing(clock, 10 * MINUTE_MS, toRaya.markRead());
  network.losesCopy = () => false;
  await clock.pass(60 * MINUTE_MS);
  expect(await first.status()).toBe("delivered");
  const second = await write(clock, toSaro, "second");
  await passing(clock, MINUTE_MS, toRaya.markRead());
  expect([await first.status(), await second.status()]).toEqual(["read", "read"]);
});

test("a receipt waits for connection and quota, and then tells the newest", async () => {
  const [clock, network] = [new VirtualClock(), new MemoryNetwork()];
  const [raya, saro] = [await enter(network, clock), await enter(network, clock, { readReceipts: true })];
  const [toSaro, toRaya] = await meet(clock, raya, saro);
  const first = await write(clock, toSaro, "first");
  saro.delivery.setHealth("disconnected");
  await passing(clock, MINUTE_MS, toRaya.markRead());
  expect((await saro.client.statistics()).outbox).toBe(0);
  saro.delivery.setHealth("connected");
  await clock.pass(MINUTE_MS);
  expect(await first.status()).toBe("read");
});

test("what the reader does not have is not read, whatever came after it", async () => {
  const [clock, network] = [new VirtualClock(), new MemoryNetwork()];
  const [raya, saro] = [await enter(network, clock), await enter(network, clock, { readReceipts: true })];
  const [toSaro, toRaya] = await meet(clock, raya, saro);
  const lostAt = network.published.length + 1;
  network.losesCopy = () => network.published.length === lostAt;
  network.answerHistory = () => [];
  const sending = [toSaro.send(text("lost")), toSaro.send(text("arrives"))];
  await clock.pass(5 * SECOND_MS);
  const [lost, arrived] = await Promise.all(sending);
  expect(saro.texts.at(-1)).toBe("arrives");
  await passing(clock, 4 * SECOND_MS, toRaya.markRead());
  expect([await lost?.status(), await arrived?.status()]).toEqual(["sent", "read"]);
  // It is sent again, and read: the same receipt tells both.
  await clock.pass(10 * MINUTE_MS);
  expect([saro.texts.at(-1), await lost?.status()]).toEqual(["lost", "delivered"]);
  await passing(clock, MINUTE_MS, toRaya.markRead());
  expect(await lost?.status()).toBe("read");
});

test("nothing is told to whom nobody has accepted, and signals are no messages", async () => {
  const [clock, network] = [new VirtualClock(), new MemoryNetwork()];
  const [raya, saro] = [await enter(network, clock, { readReceipts: true }), await enter(network, clock)];
  const link = await raya.client.createInvite({ multiUse: true });
  const toRaya = await passing(clock, MINUTE_MS, saro.client.accept(link, text("hello")));
  const [toSaro] = await raya.client.conversations();
  expect(toSaro?.standing()).toBe("request");
  const before = network.published.length;
  await passing(clock, 10 * SECOND_MS, Promise.all([toSaro?.typing(), toSaro?.markRead(), toRaya.typing()]));
  expect(network.published.length).toBe(before);
  for (const content of [typing(), readReceipt(["00".repeat(16)])]) {
    await expect(toRaya.send(content)).rejects.toMatchObject({ code: "INVALID_OPTION" });
  }
});

test("a conversation's events are its own", async () => {
  const [clock, network] = [new VirtualClock(), new MemoryNetwork()];
  const [raya, saro, tala] = [await enter(network, clock), await enter(network, clock), await enter(network, clock)];
  const [toSaro] = await meet(clock, raya, saro);
  const seen: ChatEvent[] = [];
  const ending = new AbortController();
  const watching = (async () => {
    for await (const event of toSaro.events({ signal: ending.signal })) seen.push(event);
  })();
  const accepted = raya.client.createInvite().then((link) => tala.client.accept(link, text("me too")));
  await passing(clock, MINUTE_MS, accepted);
  const sent = await write(clock, toSaro, "only you");
  ending.abort();
  await watching;
  const kinds = seen.map((event) => (event.type === "status" ? [event.messageId, event.status] : event.type));
  expect(kinds).toEqual([
    [sent.id, "queued"],
    [sent.id, "sent"],
    [sent.id, "delivered"],
  ]);
});
