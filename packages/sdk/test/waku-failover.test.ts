/** The network by Waku over service nodes in memory that fail in every way, under virtual time. */
import type { InboundMessage, PeerDiscovery } from "@chat/sdk";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { WakuDelivery } from "../src/delivery/waku-delivery.ts";
import { FakeNetwork, type FakeNode } from "./fake-service-nodes.ts";
import { VirtualClock } from "./virtual-clock.ts";

const TOPIC = "/chat/1/0/proto";
const HOUR = 3_600_000;

let clock: VirtualClock;
let network: FakeNetwork;
let delivery: WakuDelivery;
let received: string[];
let gaps: number;
let looks: Promise<string[]>[];
let healths: string[];

beforeEach(() => {
  clock = new VirtualClock();
});

afterEach(async () => {
  await Promise.all(looks);
  await delivery.close();
  expect(clock.timers).toBe(0);
});

async function connect(count: number, { isSubscribed = true } = {}): Promise<FakeNode[]> {
  network = new FakeNetwork(count);
  const peers = network.nodes.map(({ address }) => address);
  const options = { peers, clusterId: 1, shards: 8, connectTimeoutMs: 10_000, whenUnreachable: "fail", clock } as const;
  delivery = await WakuDelivery.connect({ ...options, random: () => 0.5 }, network.open);
  received = [];
  gaps = 0;
  looks = [];
  healths = [];
  if (isSubscribed) await delivery.subscribe([TOPIC], ({ hash }) => received.push(hash));
  delivery.onGap(() => {
    gaps += 1;
    looks.push(history()); // whoever is told looks at once
  });
  delivery.onHealthChange((health) => healths.push(health));
  return network.nodes;
}

let count = 0;
function message(sizeBytes = 4) {
  count += 1;
  const payload = new Uint8Array(sizeBytes);
  new DataView(payload.buffer).setUint32(0, count);
  return { topic: "/chat/1/other/proto", payload, timestampMs: Math.floor(clock.nowMs() / 1000) * 1000 };
}

/** Something for us, from somebody at that node. */
function incoming(text: string): InboundMessage {
  return { topic: TOPIC, payload: new TextEncoder().encode(text), timestampMs: clock.nowMs(), hash: text };
}

async function history(): Promise<string[]> {
  const found: string[] = [];
  const range = { fromMs: clock.nowMs() - HOUR, toMs: clock.nowMs() };
  for await (const { hash } of delivery.query([TOPIC], range)) found.push(hash);
  return found;
}

function pushes(nodes: readonly FakeNode[]): number[] {
  return nodes.map(({ pushed }) => pushed.length);
}

/** Settles without virtual time, or fails. */
async function soon<Result>(work: Promise<Result>): Promise<Result> {
  const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error("not soon")), 1000).unref());
  return Promise.race([work, late]);
}

describe("publishing", () => {
  test("goes to two nodes of three, and not to the one that knows our mailbox", async () => {
    const nodes = await connect(3);
    expect(nodes.map(({ subscribers }) => subscribers)).toEqual([1, 0, 0]);
    await delivery.publish(message());
    await clock.pass(0);
    expect(pushes(nodes)).toEqual([0, 1, 1]);
    expect(nodes[1]?.pushed).toEqual(nodes[2]?.pushed); // the same hash
  });

  test("of something large goes to one node", async () => {
    const nodes = await connect(3);
    await delivery.publish(message(100_000));
    expect(pushes(nodes)).toEqual([0, 1, 0]);
  });

  test("goes to the other node of two, and again to both when it was never confirmed", async () => {
    const nodes = await connect(2);
    await delivery.publish(message());
    expect(pushes(nodes)).toEqual([0, 1]);
    await delivery.publish({ ...message(), isRetransmission: true });
    await clock.pass(0);
    expect(pushes(nodes)).toEqual([1, 2]);
    await delivery.publish(message()); // as everything does for ten minutes
    await clock.pass(10_000);
    expect(gaps).toBe(1); // it may be confirmations that nobody brings
    await clock.pass(10 * 60_000);
    expect(pushes(nodes)).toEqual([2, 3]);
    await delivery.publish(message());
    await clock.pass(0);
    expect(pushes(nodes)).toEqual([2, 4]);
  });

  test.each<[string, (node: FakeNode) => void]>([
    ["dies", (node) => node.stop()],
    ["refuses for now", (node) => Object.assign(node, { answer: { kind: "refused", isFinal: false, detail: "429" } })],
    ["refuses for good", (node) => Object.assign(node, { answer: { kind: "refused", isFinal: true, detail: "413" } })],
  ])("goes to another node at once when one %s", async (_, fail) => {
    const [first, second] = await connect(2);
    if (first === undefined || second === undefined) throw new RangeError("want two nodes");
    fail(second);
    const sent = message();
    const { messageHash } = await soon(delivery.publish(sent));
    expect(first.pushed).toEqual([messageHash]);
  });

  test("goes to another node after three seconds when one hangs, and to that one first from then on", async () => {
    const nodes = await connect(2);
    nodes[1]?.hangs.add("push");
    const publishing = delivery.publish(message());
    await clock.pass(2_900);
    expect(pushes(nodes)).toEqual([0, 0]);
    await clock.pass(200);
    await soon(publishing);
    await soon(delivery.publish(message()));
    expect(pushes(nodes)).toEqual([2, 0]);
    expect(delivery.serviceNodes[1]?.failing).toEqual(["push"]);
    nodes[1]?.hangs.clear();
    await clock.pass(75_000);
    await soon(delivery.publish(message()));
    expect(pushes(nodes)).toEqual([2, 1]);
  });

  test("is refused for good when all nodes say so, and for now when one of them does", async () => {
    const [first, second] = await connect(2);
    if (first === undefined || second === undefined) throw new RangeError("want two nodes");
    first.answer = { kind: "refused", isFinal: true, detail: "413 too large" };
    second.answer = first.answer;
    const tooLarge = expect.stringContaining("413 too large");
    const refusal = { code: "DELIVERY_REFUSED", retryable: false, message: tooLarge };
    await expect(delivery.publish(message())).rejects.toMatchObject(refusal);
    second.answer = { kind: "refused", isFinal: false, detail: "503" };
    await expect(delivery.publish(message())).rejects.toMatchObject({ code: "DELIVERY_REFUSED", retryable: true });
    second.stop();
    await expect(delivery.publish(message())).rejects.toMatchObject(refusal);
  });

  test("without any node is PEER_UNREACHABLE, and an abort is an abort", async () => {
    const nodes = await connect(2);
    for (const node of nodes) node.hangs.add("push");
    const stop = new AbortController();
    const publishing = delivery.publish(message(), { signal: stop.signal });
    stop.abort(new Error("stopped"));
    await expect(publishing).rejects.toThrow("stopped");
    for (const node of nodes) node.stop();
    await clock.pass(0);
    await expect(delivery.publish(message())).rejects.toMatchObject({ code: "PEER_UNREACHABLE", retryable: true });
    expect(delivery.health).toBe("disconnected");
  });
});

describe("the subscription", () => {
  test("moves to another node when its node dies, and says that there was a gap", async () => {
    const nodes = await connect(3);
    nodes[0]?.stop();
    await clock.pass(0);
    expect(nodes.map(({ subscribers }) => subscribers)).toEqual([0, 1, 0]);
    expect(gaps).toBe(1);
    network.spread(incoming("after"));
    expect(received).toEqual(["after"]);
    expect(delivery.health).toBe("connected");
  });

  test("is renewed within 20 seconds when its node forgot it", async () => {
    const nodes = await connect(2);
    nodes[0]?.forgetSubscriptions();
    await clock.pass(20_000);
    expect(nodes.map(({ subscribers }) => subscribers)).toEqual([1, 0]);
    expect(gaps).toBe(1);
  });

  test("moves when its node hangs", async () => {
    const nodes = await connect(2);
    nodes[0]?.hangs.add("filter");
    await clock.pass(26_000);
    expect(nodes[1]?.subscribers).toBe(1);
    expect(gaps).toBe(1);
    expect(delivery.serviceNodes[0]).toMatchObject({ state: "connected", failing: ["filter"] });
  });

  test("moves when history has what its node did not bring", async () => {
    const [first, second] = await connect(2);
    if (first === undefined || second === undefined) throw new RangeError("want two nodes");
    first.bringsNothing = true;
    await clock.pass(30_000);
    network.spread(incoming("not brought"));
    await clock.pass(30_000);
    expect(await history()).toEqual(["not brought"]);
    await clock.pass(0);
    expect(second.subscribers).toBe(1);
    network.spread(incoming("brought"));
    expect(received).toEqual(["brought"]);
    await clock.pass(30_000);
    expect(await history()).toEqual(["not brought", "brought"]);
    expect(gaps).toBe(1);
  });

  test("that no node takes makes the health minimal, and is made when one takes it", async () => {
    const nodes = await connect(1, { isSubscribed: false });
    nodes[0]?.hangs.add("filter");
    const subscribing = delivery.subscribe([TOPIC], ({ hash }) => received.push(hash));
    await clock.pass(5_000);
    await soon(subscribing);
    expect(delivery.health).toBe("minimal");
    await soon(delivery.publish(message()));
    nodes[0]?.hangs.clear();
    await clock.pass(20_000);
    expect(delivery.health).toBe("connected");
    network.spread(incoming("at last"));
    expect(received).toEqual(["at last"]);
  });
});

describe("a connection", () => {
  test("that is lost is dialled again after 250 ms, then less and less often, and health says how it is", async () => {
    const [node] = await connect(1);
    if (node === undefined) throw new RangeError("want a node");
    expect(delivery.health).toBe("connected");
    node.stop();
    await clock.pass(249);
    expect(delivery.serviceNodes[0]).toMatchObject({ state: "unreachable", problem: expect.any(String) });
    node.start();
    await clock.pass(1);
    expect(healths).toEqual(["disconnected", "connected"]);
    expect(gaps).toBe(1);
    node.stop();
    await clock.pass(10 * 60_000);
    node.start();
    await clock.pass(30_000);
    expect(delivery.health).toBe("connected");
  });

  test("that is made and dropped, again and again, is made less and less often", async () => {
    const [node] = await connect(1);
    delivery.onHealthChange(() =>
      queueMicrotask(() => {
        for (const link of node?.links ?? []) link.cut();
      }),
    );
    node?.stop();
    node?.start();
    await clock.pass(10 * 60_000);
    expect(node?.dials).toBeLessThan(65);
  });

  test("is redundant while two of two are there", async () => {
    const nodes = await connect(2);
    nodes[1]?.stop();
    await clock.pass(0);
    nodes[1]?.start();
    await clock.pass(1_000);
    expect(healths).toEqual(["minimal", "connected"]);
    expect(gaps).toBe(0);
  });

  test("that is silent is given up within 20 seconds", async () => {
    const [node] = await connect(1);
    node?.vanish();
    await clock.pass(20_500);
    expect(healths).toEqual(["disconnected", "connected"]);
    expect(node?.dials).toBe(2);
  });

  test("that hangs while it is made is given up after ten seconds", async () => {
    const [node] = await connect(1);
    node?.stop();
    node?.start();
    node?.hangs.add("dial");
    await clock.pass(5_000);
    node?.hangs.clear();
    await clock.pass(6_000);
    expect(delivery.health).toBe("connected");
  });
});

test("service nodes that moved are found again within a minute", async () => {
  network = new FakeNetwork(3);
  const [first, second, third] = network.nodes;
  let found: readonly (FakeNode | undefined)[] = [first, second];
  const discovery: PeerDiscovery = {
    async *find() {
      for (const node of found) if (node !== undefined) yield node.address;
    },
  };
  const options = { peers: [], discovery, clusterId: 1, shards: 8, connectTimeoutMs: 10_000, clock } as const;
  delivery = await WakuDelivery.connect({ ...options, whenUnreachable: "fail" }, network.open);
  looks = [];
  first?.stop();
  await clock.pass(120_000);
  expect(delivery.serviceNodes).toHaveLength(2); // one is enough to go on
  found = [third];
  second?.stop();
  await clock.pass(60_000);
  expect(delivery.health).toBe("connected");
  expect(delivery.serviceNodes).toMatchObject([{ address: third?.address, state: "connected" }]);
});

describe("a night of sleep", () => {
  test("with connections that are dead afterwards: at waking, health says so, they are made again, and a gap is told", async () => {
    const nodes = await connect(2);
    await clock.pass(1_500);
    for (const node of nodes) node.vanish();
    clock.sleep(8 * HOUR);
    network.spread(incoming("in the night"));
    expect(delivery.health).toBe("connected"); // nobody has noticed yet
    await clock.pass(501);
    expect(healths).toEqual(["disconnected"]);
    await clock.pass(2_100);
    expect(delivery.health).toBe("connected");
    expect(gaps).toBeGreaterThan(0);
    network.spread(incoming("in the morning"));
    expect(received).toEqual(["in the morning"]);
  });

  test("with connections that survived: they are proved, and a gap is told", async () => {
    const nodes = await connect(2);
    clock.sleep(8 * HOUR);
    await clock.pass(2_000);
    expect(healths).toEqual(["disconnected", "minimal", "connected"]);
    expect(nodes.map(({ dials }) => dials)).toEqual([1, 1]);
    expect(gaps).toBe(2); // the node of the subscription, and then the other one, with which history is compared
  });

  test("history is read once more when a second node has come back, which may have what the first forgot", async () => {
    const [first, second] = await connect(2);
    if (first === undefined || second === undefined) throw new RangeError("want two nodes");
    for (const node of [first, second]) node.stop();
    await clock.pass(1_000);
    second.stored.push(incoming("only there"));
    first.start();
    await clock.pass(30_000);
    expect([gaps, await looks.at(-1)]).toEqual([1, []]);
    second.start();
    await clock.pass(60_000);
    expect([gaps, await looks.at(-1)]).toEqual([2, ["only there"]]);
  });

  test("while a new connection is being subscribed on", async () => {
    const [node] = await connect(1);
    node?.stop();
    node?.start();
    node?.hangs.add("filter");
    await clock.pass(1_000);
    node?.vanish();
    node?.hangs.clear();
    clock.sleep(8 * HOUR);
    await clock.pass(3_000);
    expect(delivery.health).toBe("connected");
    expect(node?.dials).toBe(3);
  });

  test("in the middle of a dial, and with a message under way", async () => {
    const [node] = await connect(1);
    node?.vanish();
    const publishing = delivery.publish(message());
    node?.hangs.add("dial");
    clock.sleep(8 * HOUR);
    await clock.pass(5_000); // pinged, given up, and the new dial hangs
    expect(delivery.health).toBe("disconnected");
    clock.sleep(8 * HOUR);
    node?.hangs.clear();
    await clock.pass(3_000);
    expect(delivery.health).toBe("connected");
    const unreachable = expect(publishing).rejects.toMatchObject({ code: "PEER_UNREACHABLE", retryable: true });
    await clock.pass(15_000);
    await unreachable;
    await soon(delivery.publish(message()));
  });
});

describe("closing", () => {
  test.each<[string, (nodes: readonly FakeNode[]) => Promise<void>]>([
    ["while all is well", async () => {}],
    ["in the middle of a redial", async ([node]) => node?.stop()],
    [
      "while everything hangs",
      async (nodes) => {
        for (const node of nodes)
          for (const what of ["push", "filter", "store", "ping", "dial"] as const) node.hangs.add(what);
        delivery.publish(message()).catch(() => {});
        history().catch(() => {});
        delivery.subscribe(["/chat/1/1/proto"], () => {}).catch(() => {});
        await clock.pass(10_000);
      },
    ],
  ])("%s leaves no timer", async (_, fail) => {
    const nodes = await connect(2);
    await fail(nodes);
    await clock.pass(0);
    await soon(delivery.close());
    await clock.pass(0);
    expect(clock.timers).toBe(0);
    expect(delivery.health).toBe("disconnected");
  });
});
