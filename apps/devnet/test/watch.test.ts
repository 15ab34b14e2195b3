/** Watching a devnet: events, metrics, the terminal. */
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { type Devnet, type DevnetEvent, metricsOf, type Served, serveMetrics, startDevnet } from "../src/index.ts";
import { type DevnetState, stateOf, TopicTable } from "../src/watch/state.ts";
import { screenOf } from "../src/watch/terminal.ts";
import { openClients, send, subscribe } from "./clients.ts";
import { eventually } from "./eventually.ts";
import { bytesOf } from "./messages.ts";

const TOPIC = "/test/1/watched/proto";
let devnet: Devnet;
const clients = openClients();
beforeEach(async () => {
  devnet = await startDevnet({ nodes: 2 });
});
afterEach(async () => {
  await clients.close();
  await devnet.close();
});

test("a message is seen at each step of its way, and payloads never are", async () => {
  const events: DevnetEvent[] = [];
  const stop = devnet.observe((event) => events.push(event));
  const alice = await clients.connect(devnet, devnet.peers[0] ?? "");
  const bob = await clients.connect(devnet, devnet.peers[1] ?? "");
  await subscribe(bob, TOPIC);
  await send(alice, TOPIC, bytesOf("s3cr3t"));
  await eventually("it is delivered", () => events.some(({ kind }) => kind === "delivered"));
  stop();
  await send(alice, TOPIC, bytesOf("after the end"));
  const [first, second] = devnet.nodes;
  expect(events.filter((event) => "hash" in event)).toMatchObject([
    { kind: "pushed", node: "node-1", peer: String(alice.libp2p.peerId), contentTopic: TOPIC },
    { kind: "relayed", node: "node-2", peer: first?.peerId, contentTopic: TOPIC },
    { kind: "delivered", node: "node-2", peer: String(bob.libp2p.peerId), contentTopic: TOPIC },
  ]);
  expect(new Set(events.flatMap((event) => ("hash" in event ? [event.hash] : []))).size).toBe(1);
  expect(events.filter(({ kind, node }) => kind === "connected" && node === second?.name)).toHaveLength(1);
  expect(JSON.stringify(events)).not.toContain("s3cr3t");
});

test("a node that stops and starts is seen", async () => {
  const kinds: string[] = [];
  devnet.observe(({ kind, node }) => kinds.push(`${node} ${kind}`));
  await devnet.nodes[1]?.stop();
  await devnet.nodes[1]?.start();
  expect(kinds.filter((kind) => kind.startsWith("node-2 sta") || kind.startsWith("node-2 sto"))).toEqual([
    "node-2 stopped",
    "node-2 started",
  ]);
});

let served: Served | undefined;
afterEach(() => served?.close());

test("Prometheus finds every count, by node and by reason", async () => {
  served = await serveMetrics(devnet, "127.0.0.1", 0);
  const alice = await clients.connect(devnet, devnet.peers[0] ?? "");
  await send(alice, TOPIC, bytesOf("one"));
  await send(alice, TOPIC, bytesOf("late"), new Date(1_000));
  const response = await fetch(`http://127.0.0.1:${served.port}/metrics`);
  expect(response.headers.get("content-type")).toMatch("version=0.0.4");
  const text = await response.text();
  expect(text).toContain('devnet_pushed_total{node="node-1"} 1\n');
  expect(text).toContain('devnet_stored_total{node="node-1"} 1\n');
  expect(text).toContain('devnet_dropped_total{node="node-1",reason="bad-timestamp"} 1\n');
  expect(text).toContain('devnet_peers{node="node-1"} 2\n');
  expect((await fetch(`http://127.0.0.1:${served.port}/other`)).status).toBe(404);
  expect((await fetch(`http://127.0.0.1:${served.port}/metrics`, { method: "POST" })).status).toBe(405);
  // The whole text has the form of the format: comments, and names with labels and a number.
  for (const line of metricsOf(devnet).trimEnd().split("\n")) {
    expect(line).toMatch(/^(# (HELP|TYPE) devnet_\w+ .+|devnet_\w+(\{\w+="[\w-]+"(,\w+="[\w-]+")*\})? \d+)$/);
  }
});

test("a port in use is an error that names it", async () => {
  served = await serveMetrics(devnet, "127.0.0.1", 0);
  await expect(serveMetrics(devnet, "127.0.0.1", served.port)).rejects.toMatchObject({
    code: "PORT_IN_USE",
    message: expect.stringContaining(String(served.port)),
  });
});

test("the terminal shows nodes, links, rates and topics, and no control character of a topic", async () => {
  const before = stateOf(devnet, []);
  const now: DevnetState = {
    ...before,
    atMs: before.atMs + 2_000,
    nodes: before.nodes.map((node) => ({ ...node, counters: { ...node.counters, pushed: 20 } })),
    topics: [{ contentTopic: "/evil\u001b[2J/1/a/proto", messages: 3, bytes: 4_500 }],
  };
  const lines = screenOf(now, before, 120).split("\n");
  expect(lines[0]).toBe("\u001b[H\u001b[Jdevnet  cluster 42  shards 8  links 1");
  expect(lines[3]?.split(/ {2,}/)).toEqual(["node-1", "up", "1", "0", "0", "10", "0", "0", "0 B", "0"]);
  expect(lines[7]?.split(/ {2,}/)).toEqual(["/evil?[2J/1/a/proto", "3", "4.5 kB"]);
  expect(
    Math.max(
      ...screenOf(now, before, 20)
        .split("\n")
        .slice(1)
        .map(({ length }) => length),
    ),
  ).toBe(20);
});

test("topics are counted, the busiest first, and a bounded number of them", () => {
  const table = new TopicTable();
  const push = (contentTopic: string) =>
    table.observe({
      kind: "pushed",
      node: "n",
      atMs: 0,
      peer: "p",
      hash: "",
      pubsubTopic: "",
      contentTopic,
      bytes: 10,
    });
  for (let index = 0; index < 600; index += 1) push(`/t/1/${index}/proto`);
  push("/t/1/599/proto");
  expect(table.busiest(1)).toEqual([{ contentTopic: "/t/1/599/proto", messages: 2, bytes: 20 }]);
  expect(table.busiest(1_000)).toHaveLength(500);
});
