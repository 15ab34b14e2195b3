import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { type Devnet, type DevnetNode, startDevnet } from "../src/index.ts";
import { dial, history, openClients, send, subscribe } from "./clients.ts";
import { eventually } from "./eventually.ts";
import { bytesOf, textOf } from "./messages.ts";

const TOPIC = "/test/1/linked/proto";

let devnet: Devnet;
const clients = openClients();

beforeEach(async () => {
  devnet = await startDevnet({ nodes: 3 });
});
afterEach(async () => {
  await clients.close();
  await devnet.close();
});

function node(index: number): DevnetNode {
  const found = devnet.nodes[index];
  if (found === undefined) throw new Error(`want a node ${index}`);
  return found;
}

test("a message pushed to one node right after the start reaches a subscriber on another and the store of a third", async () => {
  const alice = await clients.connect(devnet, node(0).webSocket);
  const bob = await clients.connect(devnet, node(1).webSocket);
  const carol = await clients.connect(devnet, node(2).webSocket);
  const received = await subscribe(bob, TOPIC);
  expect(await send(alice, TOPIC, bytesOf("hello"))).toBe(true);
  await eventually("bob receives it", () => received.length === 1);
  await eventually("the third node stores it", () => node(2).counters.stored === 1);
  expect((await history(carol, TOPIC)).map(textOf)).toEqual(["hello"]);
  expect(node(0).counters).toMatchObject({ pushed: 1, relayed: 0, stored: 1 });
  expect(node(1).counters).toMatchObject({ pushed: 0, relayed: 1, stored: 1, filtered: 1 });
});

test("every shard is linked", async () => {
  const alice = await clients.connect(devnet, node(0).webSocket);
  // The shard follows from the application name; sixteen names reach all eight.
  const topics = Array.from({ length: 32 }, (_, index) => `/app-${index}/1/linked/proto`);
  const shards = new Set(topics.map((contentTopic) => alice.createEncoder({ contentTopic }).pubsubTopic));
  expect(shards.size).toBe(8);
  for (const topic of topics) expect(await send(alice, topic, bytesOf(topic))).toBe(true);
  await eventually("both others have all", () => node(1).counters.stored === 32 && node(2).counters.stored === 32);
});

test("a client of two nodes gets each message once", async () => {
  const alice = await clients.connect(devnet, node(0).webSocket, node(1).webSocket);
  const bob = await clients.connect(devnet, node(1).webSocket, node(2).webSocket);
  const received = await subscribe(bob, TOPIC);
  for (const text of ["a", "b", "c"]) expect(await send(alice, TOPIC, bytesOf(text))).toBe(true);
  await eventually("the last arrives", () => received.some((payload) => textOf(payload) === "c"));
  expect(received.map(textOf)).toEqual(["a", "b", "c"]);
  await eventually("all store each once", () => devnet.nodes.every(({ counters }) => counters.stored === 3));
});

test("a node comes back with its key, address, messages and links", async () => {
  const alice = await clients.connect(devnet, node(0).webSocket);
  const bob = await clients.connect(devnet, node(1).webSocket);
  await send(alice, TOPIC, bytesOf("before"));
  await eventually("it is stored", () => node(1).counters.stored === 1);
  const { peerId, webSocket, tcp } = node(1);

  await node(1).stop();
  expect(node(1).isRunning).toBe(false);
  await eventually("bob notices", () => bob.libp2p.getConnections().length === 0);
  expect(await send(alice, TOPIC, bytesOf("meanwhile"))).toBe(true);

  await node(1).start();
  expect(node(1)).toMatchObject({ peerId, webSocket, tcp, isRunning: true });
  await dial(bob, webSocket);
  const received = await subscribe(bob, TOPIC);
  expect(await send(alice, TOPIC, bytesOf("after"))).toBe(true);
  await eventually("bob receives it", () => received.length === 1);
  expect((await history(bob, TOPIC)).map(textOf)).toEqual(["before", "meanwhile", "after"]);
  expect(node(1).counters.caughtUp).toBe(1);
});

test("a node that was away takes over more than one page, each message once", async () => {
  await node(2).stop();
  const alice = await clients.connect(devnet, node(0).webSocket);
  const names = Array.from({ length: 230 }, (_, index) => String(index));
  for (const name of names) await send(alice, TOPIC, bytesOf(name));
  await node(2).start();
  expect(node(2).counters).toMatchObject({ caughtUp: 230, stored: 0 });
  const carol = await clients.connect(devnet, node(2).webSocket);
  expect((await history(carol, TOPIC)).map(textOf).toSorted()).toEqual(names.toSorted());
});

test("stop, start and close may be called twice, and a closed node does not start", async () => {
  await Promise.all([node(2).stop(), node(2).stop()]);
  await Promise.all([node(2).start(), node(2).start()]);
  await Promise.all([node(0).stop(), node(1).stop()]);
  await Promise.all([node(0).start(), node(1).start()]);
  const alice = await clients.connect(devnet, node(0).webSocket);
  expect(await send(alice, TOPIC, bytesOf("linked again"))).toBe(true);
  await eventually("all store it", () => devnet.nodes.every(({ counters }) => counters.stored === 1));
  await devnet.close();
  await devnet.close();
  await expect(node(0).start()).rejects.toMatchObject({ code: "CLOSED" });
});
