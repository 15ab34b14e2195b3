/** Messages of many segments: how far they are, and how they end, on both sides. */
import { type ChatClient, ChatError, type ChatEvent, type Conversation, file, isFile, isText, text } from "@chat/sdk";
import { openMemoryStore, type Store } from "@chat/store";
import { afterEach, expect, test } from "@jest/globals";
import { MemoryNetwork } from "../src/delivery/memory-network.ts";
import { next, open, temporaryFolder, textOf, until } from "./people.ts";
import { VirtualClock } from "./virtual-clock.ts";

const MINUTE_MS = 60_000;
const SEGMENT = 147_000; // a little less than one takes
const opened: ChatClient[] = [];
afterEach(async () => {
  for (const client of opened.splice(0)) await client.close();
});

/** So many segments, none like another. */
function contentOf(segments: number): Uint8Array {
  const bytes = new Uint8Array(segments * SEGMENT - SEGMENT / 2);
  for (let index = 0; index < bytes.length; index += 1000) bytes[index] = index / 1000;
  return bytes;
}

const attachment = (segments: number) => file({ name: "film", mediaType: "video/mp4", bytes: contentOf(segments) });

/** Keeps what happens, and what arrives. */
function watch(client: ChatClient) {
  const events: ChatEvent[] = [];
  const contents: string[] = [];
  const files: Uint8Array[] = [];
  void (async () => {
    for await (const event of client.events()) events.push(event);
  })();
  void (async () => {
    for await (const { content } of client.messages()) {
      if (isFile(content)) files.push(content.bytes);
      contents.push(isText(content) ? content.text : content.kind);
    }
  })();
  return { events, contents, files };
}

type Side = Awaited<ReturnType<typeof enter>>;

async function enter(network: MemoryNetwork, clock: VirtualClock, messagesPerEpoch = 100_000) {
  const delivery = network.connect();
  const store: Store = openMemoryStore();
  const client = await open(delivery, { database: store, clock, rateLimit: { messagesPerEpoch } });
  opened.push(client);
  return { client, delivery, store, ...watch(client) };
}

async function meet(
  clock: VirtualClock,
  raya: Side,
  saro: Side,
): Promise<[ofRaya: Conversation, ofSaro: Conversation]> {
  const accepted = raya.client.createInvite().then((link) => saro.client.accept(link, text("hello")));
  await clock.pass(MINUTE_MS);
  const ofSaro = await accepted;
  const [ofRaya] = await raya.client.conversations();
  if (ofRaya === undefined) throw new Error("no conversation");
  const answered = ofRaya.send(text("hello too"));
  await clock.pass(MINUTE_MS);
  await answered;
  return [ofRaya, ofSaro];
}

const progressOf = ({ events }: Side) => events.flatMap((event) => (event.type === "progress" ? [event] : []));
const statusesOf = ({ events }: Side, id: string) =>
  events.flatMap((event) => (event.type === "status" && event.messageId === id ? [event.status] : []));
const countOf = ({ events }: Side, type: ChatEvent["type"]) => events.filter((event) => event.type === type).length;

async function segmentsOf({ store }: Side): Promise<number> {
  let count = 0;
  for await (const _ of store.messages.segments()) count += 1;
  return count;
}

test("both sides see how far a file is, under one name, and a text overtakes it", async () => {
  const [clock, network] = [new VirtualClock(), new MemoryNetwork()];
  const [raya, saro] = [await enter(network, clock), await enter(network, clock, 30)];
  const [toSaro, toRaya] = await meet(clock, raya, saro);
  const sending = toRaya.send(attachment(30));
  await clock.pass(MINUTE_MS);
  const sent = await sending;
  const writing = toRaya.send(text("it is coming"));
  await clock.pass(MINUTE_MS);
  await writing;
  expect(raya.contents.at(-1)).toBe("it is coming");
  const [incoming] = await toSaro.transfers();
  expect(incoming).toMatchObject({ messageId: sent.id, direction: "incoming", conversationId: saro.client.accountId });
  const halfway = await sent.progress();
  expect(halfway).toMatchObject({ messageId: sent.id, direction: "outgoing", totalBytes: incoming?.totalBytes });
  expect(halfway?.doneBytes).toBe(incoming?.doneBytes);
  expect(halfway?.sentBytes).toBeGreaterThan(0);
  expect(halfway?.sentBytes).toBeLessThan(halfway?.totalBytes ?? 0);
  expect(statusesOf(saro, sent.id)).toEqual(["queued"]);
  await clock.pass(20 * MINUTE_MS);
  expect(statusesOf(saro, sent.id)).toEqual(["queued", "sent", "delivered"]);
  expect(raya.files).toEqual([contentOf(30)]);
  for (const side of [raya, saro]) {
    const told = progressOf(side).map(({ doneBytes }) => doneBytes);
    expect(told).toEqual(told.toSorted((a, b) => a - b));
    expect(told.at(-1)).toBe(incoming?.totalBytes);
    expect(countOf(side, "missing")).toBe(0);
  }
  expect(await sent.progress()).toBeUndefined();
});

test("a paused file leaves no more than what is encrypted, also after a restart, and goes on when it is resumed", async () => {
  using folder = temporaryFolder();
  const network = new MemoryNetwork();
  const ofRaya = { database: folder.path("raya.db") };
  const rayaBefore = await open(network.connect(), ofRaya);
  const database = folder.path("saro.db");
  const few = { database, rateLimit: { messagesPerEpoch: 12 } };
  const before = await open(network.connect(), few);
  const chat = await before.accept(await rayaBefore.createInvite(), text("hello"));
  const sent = await chat.send(attachment(40));
  await until(() => sent.waiting()?.reason === "quota", "quota is used up");
  expect(await sent.pause()).toBe(true);
  expect(await sent.progress()).toMatchObject({ isPaused: true });
  await before.close();

  const published = network.published.length;
  await using after = await open(network.connect(), { database, rateLimit: { messagesPerEpoch: 1000 } });
  const again = await after.sentMessage(sent.id);
  await (await again.conversation.send(text("wait a moment"))).delivered();
  await until(() => again.waiting() === undefined, "what was encrypted has left");
  expect(network.published.length - published).toBeLessThanOrEqual(16 + 4);
  expect(await again.status()).toBe("queued");
  const paused = await again.progress();
  expect(paused?.sentBytes).toBeLessThan((paused?.totalBytes ?? 0) / 2);
  await rayaBefore.close();
  await using raya = await open(network.connect(), ofRaya);
  const under = { messageId: sent.id, direction: "incoming", totalBytes: paused?.totalBytes };
  expect(await (await raya.conversations())[0]?.transfers()).toEqual([expect.objectContaining(under)]);
  expect(await again.pause()).toBe(true);
  expect(await again.resume()).toBe(true);
  expect(await again.resume()).toBe(false);
  await again.delivered();
  const [greeting, note, arrived] = [await next(raya), await next(raya), await next(raya)];
  expect([greeting, note].map(textOf)).toEqual(["hello", "wait a moment"]);
  expect(arrived.id).toBe(sent.id);
  expect(isFile(arrived.content) && arrived.content.bytes).toEqual(contentOf(40));
  const bothSides = [again.conversation, arrived.conversation].map((side) => side.history());
  const [here, there] = (await Promise.all(bothSides)).map((history) => history.map(({ id }) => id));
  expect(here).toEqual(there);
  expect(here?.[1]).toBe(sent.id);
});

test("nobody misses anything while a file is paused, whatever is written, and nothing of it is sent again", async () => {
  const [clock, network] = [new VirtualClock(), new MemoryNetwork()];
  const [raya, saro] = [await enter(network, clock), await enter(network, clock, 30)];
  const [, toRaya] = await meet(clock, raya, saro);
  const sending = toRaya.send(attachment(30));
  await clock.pass(MINUTE_MS);
  const sent = await sending;
  const pausing = sent.pause();
  await clock.pass(30 * MINUTE_MS);
  expect(await pausing).toBe(true);
  const published = network.published.length;
  const writing = toRaya.send(text("still here"));
  await clock.pass(3 * 60 * MINUTE_MS);
  await writing;
  expect(raya.contents.at(-1)).toBe("still here");
  expect(countOf(raya, "missing")).toBe(0);
  // The text and its confirmation.
  expect(network.published.length - published).toBe(2);
});

test("a cancelled file ends on both sides: nothing of it is kept, sent again, missed or reported as lost", async () => {
  const [clock, network] = [new VirtualClock(), new MemoryNetwork()];
  const [raya, saro] = [await enter(network, clock), await enter(network, clock, 30)];
  const [toSaro, toRaya] = await meet(clock, raya, saro);
  // One segment is lost, so that others name what is missing.
  const lostAt = network.published.length + 5;
  network.losesCopy = () => network.published.length === lostAt;
  network.answerHistory = (messages) => messages.filter(({ payload }) => payload.length < 10_000);
  const sending = toRaya.send(attachment(30));
  await clock.pass(5 * MINUTE_MS);
  const sent = await sending;
  expect(await segmentsOf(raya)).toBeGreaterThan(5);
  const cancelling = sent.cancel();
  await clock.pass(10 * MINUTE_MS); // word of it waits for quota
  expect(await cancelling).toBe(true);
  expect(await sent.status()).toBe("cancelled");
  await expect(sent.delivered()).rejects.toMatchObject({ code: "MESSAGE_CANCELLED" });
  expect(raya.events.filter(({ type }) => type === "cancelled")).toEqual([
    { type: "cancelled", messageId: sent.id, conversationId: toSaro.id },
  ]);
  expect(await segmentsOf(raya)).toBe(0);
  expect([await toSaro.transfers(), await toRaya.transfers()]).toEqual([[], []]);
  const published = network.published.length;
  await clock.pass(25 * 60 * MINUTE_MS);
  expect(network.published.length).toBe(published);
  expect(countOf(raya, "lost")).toBe(0);
  expect(countOf(raya, "missing")).toBeGreaterThan(0);
  expect(countOf(raya, "found")).toBe(countOf(raya, "missing"));
  const writing = toRaya.send(text("another time"));
  await clock.pass(MINUTE_MS);
  expect(await (await writing).status()).toBe("delivered");
  expect(raya.contents).toEqual(["hello", "another time"]);
  expect(await sent.cancel()).toBe(false);
});

test("a file that nobody wants ends, its sender learns it, and late segments are neither kept nor confirmed", async () => {
  const [clock, network] = [new VirtualClock(), new MemoryNetwork()];
  const [raya, saro] = [await enter(network, clock), await enter(network, clock, 30)];
  const [toSaro, toRaya] = await meet(clock, raya, saro);
  const sending = toRaya.send(attachment(30));
  await clock.pass(5 * MINUTE_MS);
  const sent = await sending;
  // Nothing that Raya says reaches Saro: it goes on sending.
  const { topic } = network.published[1] ?? {};
  network.losesCopy = (message) => message.payload.length < 10_000 && message.topic === topic;
  const refusing = toSaro.cancelTransfer(sent.id);
  await clock.pass(MINUTE_MS);
  expect(await refusing).toBe(true);
  expect(await segmentsOf(raya)).toBe(0);
  expect(countOf(raya, "cancelled")).toBe(1);
  network.losesCopy = () => false;
  await clock.pass(30 * MINUTE_MS);
  expect(await sent.status()).toBe("cancelled");
  expect(await toSaro.cancelTransfer(sent.id)).toBe(false);
  expect(await segmentsOf(raya)).toBe(0);
  expect(raya.contents).toEqual(["hello"]);
  expect(countOf(raya, "lost")).toBe(0);
});

test("what has left can not be cancelled, and a message of one piece is no transfer", async () => {
  const network = new MemoryNetwork();
  await using raya = await open(network.connect());
  await using saro = await open(network.connect());
  const chat = await saro.accept(await raya.createInvite());
  const note = await chat.send(text("short"));
  expect([await note.progress(), await note.pause(), await note.resume(), await note.cancel()]).toEqual([
    ...[undefined, false, false, false],
  ]);
  const sent = await chat.send(attachment(3));
  await sent.delivered();
  expect(await sent.cancel()).toBe(false);
  expect(await sent.status()).toBe("delivered");
});

test("what a service node refuses for good stops a file until it is resumed, and then it may still arrive", async () => {
  const [clock, network] = [new VirtualClock(), new MemoryNetwork()];
  const [raya, saro] = [await enter(network, clock), await enter(network, clock)];
  const [, toRaya] = await meet(clock, raya, saro);
  const publish = saro.delivery.publish.bind(saro.delivery);
  let count = 0;
  saro.delivery.publish = async (message) => {
    count += 1;
    if (count === 10) throw new ChatError("DELIVERY_REFUSED", "this one not", { retryable: false });
    return publish(message);
  };
  const sending = toRaya.send(attachment(22));
  await clock.pass(MINUTE_MS);
  const sent = await sending;
  expect(statusesOf(saro, sent.id)).toEqual(["queued", "failed"]);
  await clock.pass(60 * MINUTE_MS);
  expect(await sent.progress()).toMatchObject({ isPaused: true });
  expect(raya.files).toEqual([]);
  const resuming = sent.resume();
  await clock.pass(60 * MINUTE_MS);
  expect(await resuming).toBe(true);
  expect(statusesOf(saro, sent.id)).toEqual(["queued", "failed", "delivered"]);
  expect(raya.files).toEqual([contentOf(22)]);
});

test("a file waits for the recipient, and is whole when it comes online", async () => {
  const [clock, network] = [new VirtualClock(), new MemoryNetwork()];
  const [raya, saro] = [await enter(network, clock), await enter(network, clock)];
  const [, toRaya] = await meet(clock, raya, saro);
  raya.delivery.setHealth("disconnected");
  const sending = toRaya.send(attachment(9));
  await clock.pass(MINUTE_MS);
  const sent = await sending;
  const left = await sent.progress();
  expect([left?.sentBytes, left?.doneBytes]).toEqual([left?.totalBytes, 0]);
  expect([await sent.cancel(), await sent.status()]).toEqual([false, "sent"]);
  raya.delivery.setHealth("connected");
  await clock.pass(5 * MINUTE_MS);
  expect([raya.files.length, await sent.status()]).toEqual([1, "delivered"]);
});

test("a deleted file leaves nothing under way, on either side", async () => {
  const [clock, network] = [new VirtualClock(), new MemoryNetwork()];
  const [raya, saro] = [await enter(network, clock), await enter(network, clock, 30)];
  const [, toRaya] = await meet(clock, raya, saro);
  const sending = toRaya.send(attachment(30));
  await clock.pass(MINUTE_MS);
  const { id } = await sending;
  const deleting = toRaya.deleteMessage(id);
  await clock.pass(MINUTE_MS);
  await deleting;
  expect(await toRaya.transfers()).toEqual([]);
  expect(await saro.store.messages.transfers()).toEqual([]);
  await clock.pass(10 * MINUTE_MS);
  expect([countOf(raya, "cancelled"), await segmentsOf(raya)]).toEqual([1, 0]);
  const published = network.published.length;
  await clock.pass(30 * MINUTE_MS);
  expect(network.published.length - published).toBeLessThanOrEqual(1); // a confirmation
});

test("whoever is blocked gets no more of a file, and the rest of it when that is taken back", async () => {
  const [clock, network] = [new VirtualClock(), new MemoryNetwork()];
  const [raya, saro] = [await enter(network, clock), await enter(network, clock, 30)];
  const [, toRaya] = await meet(clock, raya, saro);
  const sending = toRaya.send(attachment(30));
  await clock.pass(MINUTE_MS);
  const sent = await sending;
  const blocking = toRaya.block();
  await clock.pass(60 * MINUTE_MS);
  await blocking;
  expect(await segmentsOf(raya)).toBeLessThan(29);
  const unblocking = toRaya.accept();
  await clock.pass(90 * MINUTE_MS);
  await unblocking;
  expect(raya.files).toEqual([contentOf(30)]);
  expect(await sent.status()).toBe("delivered");
});
