/** History from two store nodes that forget, die and lie, under virtual time. */
import type { InboundMessage } from "@chat/sdk";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { WakuDelivery } from "../src/delivery/waku-delivery.ts";
import { FakeNetwork, FakeNode } from "./fake-service-nodes.ts";
import { VirtualClock } from "./virtual-clock.ts";

const TOPIC = "/chat/1/0/proto";
const DAY = 86_400_000;

let clock: VirtualClock;
let delivery: WakuDelivery;
beforeEach(() => {
  clock = new VirtualClock();
});
afterEach(() => delivery.close());

async function connect(count: number): Promise<[FakeNode, FakeNode]> {
  const network = new FakeNetwork(count);
  const peers = network.nodes.map(({ address }) => address);
  const options = { peers, clusterId: 1, shards: 8, connectTimeoutMs: 10_000, whenUnreachable: "fail", clock } as const;
  delivery = await WakuDelivery.connect(options, network.open);
  await delivery.subscribe([TOPIC], () => {});
  const [first, second = new FakeNode(network, "nowhere")] = network.nodes;
  if (first === undefined) throw new RangeError("want a node");
  return [first, second];
}

function messageAt(timestampMs: number, name: string): InboundMessage {
  return { topic: TOPIC, payload: new Uint8Array(0), timestampMs, hash: name };
}

async function read(
  range = { fromMs: clock.nowMs() - 2 * DAY, toMs: clock.nowMs() },
  signal?: AbortSignal,
): Promise<InboundMessage[]> {
  const found: InboundMessage[] = [];
  for await (const message of delivery.query([TOPIC], range, signal && { signal })) found.push(message);
  return found;
}

function names(messages: readonly InboundMessage[]): string[] {
  return messages.map(({ hash }) => hash);
}

/** Messages of an hour, of which each node has some; many in the same second. */
const stores = fc.array(fc.record({ second: fc.nat(40), where: fc.constantFrom("first", "second", "both") }), {
  maxLength: 300,
});
const pageSizes = fc.integer({ min: 1, max: 60 });

function fill(nodes: readonly [FakeNode, FakeNode], entries: readonly { second: number; where: string }[]) {
  const startMs = clock.nowMs() - DAY;
  const messages = entries.map(({ second }, index) => messageAt(startMs + second * 1000, `${index}`));
  for (const [at, node] of nodes.entries()) {
    const name = at === 0 ? "first" : "second";
    node.stored.push(...messages.filter((_, index) => ["both", name].includes(entries[index]?.where ?? "")));
  }
  return messages;
}

function expectOrder(messages: readonly InboundMessage[]): void {
  const times = messages.map(({ timestampMs }) => timestampMs);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(new Set(names(messages)).size).toBe(messages.length);
}

describe("two store nodes", () => {
  test("give each message that one of them has once, oldest first, and none of them twice over the network", async () => {
    const everything = fc.asyncProperty(stores, pageSizes, pageSizes, async (entries, firstSize, secondSize) => {
      const [first, second] = await connect(2);
      [first.pageSize, second.pageSize] = [firstSize, secondSize];
      const messages = fill([first, second], entries);
      const found = await read();
      expectOrder(found);
      expect(names(found).toSorted()).toEqual(names(messages).toSorted());
      expect(first.given.messages + second.given.messages).toBe(messages.length);
      await delivery.close();
    });
    await fc.assert(everything, { numRuns: 100 });
  });

  test("give all that the second has when the first dies in the middle", async () => {
    const survivors = fc.asyncProperty(stores, pageSizes, fc.nat(8), async (entries, size, pages) => {
      const [first, second] = await connect(2);
      first.pageSize = size;
      fill([first, second], entries);
      first.onPage = () => {
        if (first.given.pages > pages) {
          first.stop();
          throw new Error("reset");
        }
      };
      const found = await read();
      expectOrder(found);
      expect(names(found)).toEqual(expect.arrayContaining(names(second.stored)));
      await delivery.close();
    });
    await fc.assert(survivors, { numRuns: 100 });
  });

  test("cost hashes only, where both have the same", async () => {
    const [first, second] = await connect(2);
    fill(
      [first, second],
      Array.from({ length: 250 }, (_, second) => ({ second, where: "both" })),
    );
    expect(await read()).toHaveLength(250);
    expect(first.given.messages).toBe(250);
    expect(second.given.messages).toBe(0);
    expect(second.given.hashes).toBe(250);
  });

  test("of which one forgot everything, thousands in one second, lose nothing", async () => {
    const [first, second] = await connect(2);
    fill(
      [first, second],
      Array.from({ length: 3_000 }, (_, index) => ({ second: index >> 10, where: "second" })),
    );
    const found = await read();
    expectOrder(found);
    expect(found).toHaveLength(3_000);
  });

  test("of which the first hangs: the second is asked after 15 seconds, and first from then on", async () => {
    const [first, second] = await connect(2);
    fill([first, second], [{ second: 1, where: "both" }]);
    first.hangs.add("store");
    const reading = read();
    await clock.pass(15_000);
    expect(names(await reading)).toEqual(["0"]);
    expect(names(await read())).toEqual(["0"]);
    expect(second.given.messages).toBe(2);
  });

  test("of which the second hangs: the first is enough", async () => {
    const [first, second] = await connect(2);
    fill([first, second], [{ second: 1, where: "both" }]);
    second.hangs.add("store");
    const reading = read();
    await clock.pass(15_000);
    expect(names(await reading)).toEqual(["0"]);
    expect(delivery.serviceNodes[1]?.failing).toEqual(["store"]);
  });
});

describe("one store node", () => {
  test("that dies in the middle is PEER_UNREACHABLE, and never an end", async () => {
    const [node] = await connect(1);
    fill([node, node], [{ second: 1, where: "both" }]);
    node.pageSize = 1;
    fill([node, node], [{ second: 2, where: "first" }]);
    node.onPage = () => {
      if (node.given.pages > 1) throw new Error("reset");
    };
    await expect(read()).rejects.toMatchObject({ code: "PEER_UNREACHABLE", retryable: true });
  });

  test("that goes round in circles is left", async () => {
    const [node] = await connect(1);
    fill([node, node], [{ second: 1, where: "first" }]);
    const entries = [...node.stored];
    node.page = () => ({ entries, cursor: new Uint8Array(1) });
    await expect(read()).rejects.toMatchObject({ code: "PEER_UNREACHABLE" });
  });

  test("gives what was not asked for to nobody", async () => {
    const [node] = await connect(1);
    const others = [{ ...messageAt(5, "topic"), topic: "/other/1/0/proto" }, messageAt(clock.nowMs() + DAY, "later")];
    node.page = () => ({ entries: [...others, messageAt(6, "wanted")] });
    expect(names(await read({ fromMs: 0, toMs: DAY - 1 }))).toEqual(["wanted"]);
  });

  test("is asked for days one after the other", async () => {
    const [node] = await connect(1);
    const nowMs = clock.nowMs();
    for (let day = 0; day < 5; day += 1) node.stored.push(messageAt(nowMs - day * DAY, `${day} days ago`));
    const found = await read({ fromMs: nowMs - 4 * DAY, toMs: nowMs });
    expect(names(found)).toEqual(["4 days ago", "3 days ago", "2 days ago", "1 days ago", "0 days ago"]);
  });

  test("stops when it is told to", async () => {
    const [node] = await connect(1);
    node.hangs.add("store");
    const stop = new AbortController();
    const reading = read(undefined, stop.signal);
    stop.abort(new Error("stopped"));
    await expect(reading).rejects.toThrow("stopped");
  });
});
