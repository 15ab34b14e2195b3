import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { type Devnet, startDevnet } from "../src/index.ts";
import { history, openClients, send, sendV2, subscribe } from "./clients.ts";
import { eventually } from "./eventually.ts";
import { bytesOf, textOf } from "./messages.ts";

let devnet: Devnet;
const clients = openClients();

beforeAll(async () => {
  devnet = await startDevnet();
});
afterEach(() => clients.close());
afterAll(() => devnet.close());

function counters() {
  const counts = devnet.nodes[0]?.counters;
  if (counts === undefined) throw new Error("want a node");
  return counts;
}

const connect = () => clients.connect(devnet, ...devnet.peers);

test("a pushed message reaches the subscriber of its topic, and nobody else", async () => {
  const [alice, bob, carol] = [await connect(), await connect(), await connect()];
  const forBob = await subscribe(bob, "/test/1/bob/proto");
  const forCarol = await subscribe(carol, "/test/1/carol/proto");
  expect(await send(alice, "/test/1/bob/proto", bytesOf("hello"))).toBe(true);
  expect(await send(alice, "/test/1/carol/proto", bytesOf("bye"))).toBe(true);
  await eventually("both arrive", () => forBob.length + forCarol.length >= 2);
  expect(forBob.map(textOf)).toEqual(["hello"]);
  expect(forCarol.map(textOf)).toEqual(["bye"]);
});

test("an acknowledged message is in the store", async () => {
  const alice = await connect();
  await send(alice, "/test/1/stored/proto", bytesOf("kept"));
  expect((await history(alice, "/test/1/stored/proto")).map(textOf)).toEqual(["kept"]);
});

test("history comes by topic and time, oldest first, over many pages", async () => {
  const alice = await connect();
  // Whole seconds: the SDK computes nanoseconds in floating point, and other times come out up to 128 ns off.
  const startMs = (Math.floor(Date.now() / 1_000) - 60) * 1_000;
  for (let index = 0; index < 12; index += 1) {
    // Sent newest first: the order of arrival is not the order of history.
    await send(alice, "/test/1/history/proto", bytesOf(`${11 - index}`), new Date(startMs + (11 - index) * 1_000));
    await send(alice, "/test/1/noise/proto", bytesOf("noise"), new Date(startMs + index * 1_000));
  }
  const range = { timeStart: new Date(startMs + 2_000), timeEnd: new Date(startMs + 9_000) };
  const queried = counters().queried;
  const forward = await history(alice, "/test/1/history/proto", { ...range, paginationLimit: 3 });
  expect(forward.map(textOf)).toEqual(["2", "3", "4", "5", "6", "7", "8", "9"]);
  // Three pages, and an empty one that tells the client to stop.
  expect(counters().queried - queried).toBe(4);
  const backward = { ...range, paginationLimit: 3, paginationForward: false };
  expect((await history(alice, "/test/1/history/proto", backward)).map(textOf)).toEqual([
    "7",
    "8",
    "9",
    "4",
    "5",
    "6",
    "2",
    "3",
  ]);
});

test("a message is found by its hash", async () => {
  const alice = await connect();
  const contentTopic = "/test/1/by-hash/proto";
  const decoder = alice.createDecoder({ contentTopic });
  for (const text of ["one", "two", "three"]) await send(alice, contentTopic, bytesOf(text));
  const found: Uint8Array[] = [];
  for await (const page of alice.store.queryGenerator([decoder])) {
    for (const message of await Promise.all(page)) {
      if (message !== undefined && textOf(message.payload) === "two") found.push(message.hash);
    }
  }
  expect(found).toHaveLength(1);
  expect((await history(alice, contentTopic, { messageHashes: found, includeData: true })).map(textOf)).toEqual([
    "two",
  ]);
});

test("an ephemeral message is pushed to subscribers and not stored", async () => {
  const [alice, bob] = [await connect(), await connect()];
  const contentTopic = "/test/1/ephemeral/proto";
  const received = await subscribe(bob, contentTopic);
  const encoder = alice.createEncoder({ contentTopic, ephemeral: true });
  const message = { payload: bytesOf("typing"), timestamp: new Date() };
  expect((await alice.lightPush.send(encoder, message, { autoRetry: false })).successes).toHaveLength(1);
  await eventually("it arrives", () => received.length === 1);
  expect(await history(alice, contentTopic)).toEqual([]);
});

test("a message of 150 KiB passes, one byte more is refused", async () => {
  const alice = await connect();
  const contentTopic = "/test/1/large/proto";
  const encoded = await alice.createEncoder({ contentTopic }).toWire({ payload: new Uint8Array(150_000) });
  const framing = (encoded?.length ?? 0) - 150_000;
  const tooLarge = counters().dropped["too-large"];
  expect(await send(alice, contentTopic, new Uint8Array(153_600 - framing))).toBe(true);
  expect(counters().dropped["too-large"]).toBe(tooLarge);
  expect(await send(alice, contentTopic, new Uint8Array(153_600 - framing + 1))).toBe(false);
  expect(counters().dropped["too-large"]).toBe(tooLarge + 1);
  expect(await history(alice, contentTopic)).toHaveLength(1);
});

test("a message too far from the clock of the node is refused", async () => {
  const alice = await connect();
  const refused = counters().dropped["bad-timestamp"];
  expect(await send(alice, "/test/1/late/proto", bytesOf("late"), new Date(Date.now() - 11 * 60_000))).toBe(false);
  expect(await send(alice, "/test/1/late/proto", bytesOf("early"), new Date(Date.now() + 60_000))).toBe(false);
  expect(counters().dropped["bad-timestamp"]).toBe(refused + 2);
});

test("a message of another cluster is refused", async () => {
  const stranger = await clients.connect({ network: { clusterId: 43, shards: 8 } }, ...devnet.peers);
  const refused = counters().dropped["unsupported-topic"];
  expect(await send(stranger, "/test/1/stranger/proto", bytesOf("hello"))).toBe(false);
  expect(counters().dropped["unsupported-topic"]).toBe(refused + 1);
});

test("the same message pushed twice is stored and delivered once, and acknowledged twice", async () => {
  const [alice, bob] = [await connect(), await connect()];
  const received = await subscribe(bob, "/test/1/twice/proto");
  const timestamp = new Date();
  const duplicates = counters().dropped.duplicate;
  expect(await send(alice, "/test/1/twice/proto", bytesOf("same"), timestamp)).toBe(true);
  expect(await send(alice, "/test/1/twice/proto", bytesOf("same"), timestamp)).toBe(true);
  expect(await send(alice, "/test/1/twice/proto", bytesOf("other"), timestamp)).toBe(true);
  await eventually("the last one arrives", () => received.some((payload) => textOf(payload) === "other"));
  expect(received.map(textOf)).toEqual(["same", "other"]);
  expect(counters().dropped.duplicate).toBe(duplicates + 1);
});

test("light push version 2 works too", async () => {
  const alice = await connect();
  expect(await sendV2(alice, "/test/1/v2/proto", bytesOf("legacy"))).toBe(true);
  expect((await history(alice, "/test/1/v2/proto")).map(textOf)).toEqual(["legacy"]);
});

test("300 pushed messages arrive in order on the one stream of their subscriber", async () => {
  const [alice, bob] = [await connect(), await connect()];
  const received = await subscribe(bob, "/test/1/many/proto");
  for (let index = 0; index < 300; index += 1) await send(alice, "/test/1/many/proto", bytesOf(`${index}`));
  await eventually("all arrive", () => received.length === 300);
  expect(received.map(textOf)).toEqual(Array.from({ length: 300 }, (_, index) => `${index}`));
  const streams = bob.libp2p.getConnections().flatMap((connection) => connection.streams);
  expect(streams.filter(({ protocol }) => protocol?.includes("filter-push"))).toHaveLength(1);
});

test("more bytes than one window pass a ping and arrive", async () => {
  const [alice, bob] = [await connect(), await connect()];
  const received = await subscribe(bob, "/test/1/bulk/proto");
  for (let index = 0; index < 20; index += 1) {
    expect(await send(alice, "/test/1/bulk/proto", new Uint8Array(150_000).fill(index))).toBe(true);
  }
  await eventually("all arrive", () => received.length === 20);
  expect(received.map(([first]) => first)).toEqual(Array.from({ length: 20 }, (_, index) => index));
});

test("a burst of 15 MB arrives over the connection that the subscriber has", async () => {
  const [alice, bob] = [await connect(), await connect()];
  const received = await subscribe(bob, "/test/1/burst/proto");
  const connections = () => bob.libp2p.getConnections().map(({ id }) => id);
  const before = connections();
  const next = Array.from({ length: 100 }, (_, index) => index).values();
  const sending = Array.from({ length: 8 }, async () => {
    for (const index of next) {
      expect(await send(alice, "/test/1/burst/proto", new Uint8Array(150_000).fill(index))).toBe(true);
    }
  });
  await Promise.all(sending);
  await eventually("all arrive", () => received.length === 100);
  expect(new Set(received.map(([first]) => first)).size).toBe(100);
  expect(connections()).toEqual(before);
});

test("a subscriber that disconnected is forgotten", async () => {
  const [alice, bob] = [await connect(), await connect()];
  const contentTopic = "/test/1/gone/proto";
  const received = await subscribe(bob, contentTopic);
  await send(alice, contentTopic, bytesOf("first"));
  await eventually("the first arrives", () => received.length === 1);
  const { subscribers, filtered } = counters();
  await bob.stop();
  await eventually("bob is gone", () => counters().subscribers === subscribers - 1);
  await send(alice, contentTopic, bytesOf("second"));
  expect(counters().filtered).toBe(filtered);
});
