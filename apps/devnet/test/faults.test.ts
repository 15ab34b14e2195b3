import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { Faults } from "../src/faults.ts";
import { type Devnet, type FaultOptions, startDevnet } from "../src/index.ts";
import { history, openClients, send, sendV2, subscribe } from "./clients.ts";
import { eventually } from "./eventually.ts";
import { bytesOf, textOf } from "./messages.ts";

describe("faults", () => {
  /** What arrives of 1,000 messages. */
  function passed(options: FaultOptions): number[] {
    const faults = new Faults(() => {});
    faults.set(options);
    const arrived: number[] = [];
    for (let index = 0; index < 1_000; index += 1) faults.passOn(() => arrived.push(index));
    return arrived;
  }

  test("none are set at first, and everything passes once, at once", () => {
    expect(passed({})).toEqual(Array.from({ length: 1_000 }, (_, index) => index));
  });

  test("loss takes its share, and the same seed takes the same", () => {
    expect(passed({ loss: 1 })).toEqual([]);
    const some = passed({ loss: 0.3, seed: 7 });
    expect(some.length).toBeGreaterThan(620);
    expect(some.length).toBeLessThan(780);
    expect(passed({ loss: 0.3, seed: 7 })).toEqual(some);
    expect(passed({ loss: 0.3, seed: 8 })).not.toEqual(some);
  });

  test("duplication sends its share twice", () => {
    expect(passed({ duplication: 1 })).toHaveLength(2_000);
    expect(new Set(passed({ duplication: 0.5 })).size).toBe(1_000);
  });

  test("delay holds messages back within its range, and drops what waits when the node stops", () => {
    jest.useFakeTimers();
    const faults = new Faults(() => {});
    faults.set({ delayMs: [100, 200] });
    let arrived = 0;
    const deliver = () => {
      arrived += 1;
    };
    for (let index = 0; index < 100; index += 1) faults.passOn(deliver);
    jest.advanceTimersByTime(99);
    expect(arrived).toBe(0);
    jest.advanceTimersByTime(50);
    expect(arrived).toBeGreaterThan(0);
    expect(arrived).toBeLessThan(100);
    jest.advanceTimersByTime(51);
    expect(arrived).toBe(100);
    faults.passOn(deliver);
    faults.clear();
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  test.each<[string, FaultOptions]>([
    ["loss", { loss: 1.1 }],
    ["duplication", { duplication: -1 }],
    ["refusal", { refusal: Number.NaN }],
    ["refuseWith", { refuseWith: 200 }],
    ["delayMs", { delayMs: [2, 1] }],
    ["seed", { seed: 0.5 }],
  ])("out of range is refused by its name: %s", (name, options) => {
    expect(() => new Faults(() => {}).set(options)).toThrow(`faults.${name}: want`);
  });
});

describe("a devnet with faults", () => {
  const TOPIC = "/test/1/faults/proto";
  let devnet: Devnet;
  const clients = openClients();
  beforeEach(async () => {
    devnet = await startDevnet({ nodes: 3 });
  });
  afterEach(async () => {
    await clients.close();
    await devnet.close();
  });
  const address = (index: number) => devnet.peers[index] ?? "";

  test("loses, duplicates and delays on the way to subscribers, and the store has everything", async () => {
    const alice = await clients.connect(devnet, address(0));
    const received = await subscribe(alice, TOPIC);
    devnet.setFaults({ loss: 1 });
    expect(await send(alice, TOPIC, bytesOf("lost"))).toBe(true);
    devnet.setFaults({ delayMs: 50 });
    expect(await send(alice, TOPIC, bytesOf("late"))).toBe(true);
    devnet.setFaults({});
    await eventually("the late one arrives", () => received.length > 0);
    expect(received.map(textOf)).toEqual(["late"]);
    expect((await history(alice, TOPIC)).map(textOf)).toEqual(["lost", "late"]);
    // To the subscriber, and to the other nodes.
    expect(devnet.nodes[0]?.counters.dropped.fault).toBe(2);
  });

  test("refuses pushes with a status, in both versions, until it is told to stop", async () => {
    const alice = await clients.connect(devnet, address(0));
    devnet.setFaults({ refuseWith: 503 });
    expect(await send(alice, TOPIC, bytesOf("no"))).toBe(false);
    expect(await sendV2(alice, TOPIC, bytesOf("no"))).toBe(false);
    devnet.setFaults({});
    expect(await send(alice, TOPIC, bytesOf("yes"))).toBe(true);
    expect((await history(alice, TOPIC)).map(textOf)).toEqual(["yes"]);
  });

  test("with amnesia acknowledges and delivers, and stores nothing", async () => {
    const alice = await clients.connect(devnet, address(0));
    const received = await subscribe(alice, TOPIC);
    expect(await send(alice, TOPIC, bytesOf("before"))).toBe(true);
    devnet.nodes[0]?.setFaults({ amnesia: true });
    expect(await send(alice, TOPIC, bytesOf("forgotten"))).toBe(true);
    await eventually("both arrive", () => received.length === 2);
    expect(await history(alice, TOPIC)).toEqual([]);
    devnet.nodes[0]?.setFaults({});
    expect((await history(alice, TOPIC)).map(textOf)).toEqual(["before"]);
  });

  test("a partition keeps messages on their side; when it heals, every store has all of them", async () => {
    const alice = await clients.connect(devnet, address(0));
    const bob = await clients.connect(devnet, address(1));
    const carol = await clients.connect(devnet, address(2));
    await devnet.partition([[0], [1, 2]]);
    expect(await send(alice, TOPIC, bytesOf("from a"), new Date(Date.now() - 2_000))).toBe(true);
    expect(await send(bob, TOPIC, bytesOf("from b"), new Date(Date.now() - 1_000))).toBe(true);
    await eventually("the link on one side works", async () => (await history(carol, TOPIC)).length > 0);
    expect((await history(alice, TOPIC)).map(textOf)).toEqual(["from a"]);
    expect((await history(carol, TOPIC)).map(textOf)).toEqual(["from b"]);

    await devnet.heal();
    for (const client of [alice, bob, carol]) {
      expect((await history(client, TOPIC)).map(textOf)).toEqual(["from a", "from b"]);
    }
    expect(await send(alice, TOPIC, bytesOf("together"))).toBe(true);
    await eventually("it passes", async () => (await history(bob, TOPIC)).length === 3);
  });

  test("a node that starts during a partition stays on its side", async () => {
    await devnet.partition([[0], [1, 2]]);
    await devnet.nodes[0]?.stop();
    await devnet.nodes[0]?.start();
    expect(Object.values(devnet.nodes[0]?.relayPeers ?? {})).toEqual(Array(8).fill(0));
    await devnet.heal();
    expect(Object.values(devnet.nodes[0]?.relayPeers ?? {})).toEqual(Array(8).fill(2));
  });

  test("a partition of nodes that are not there is refused", async () => {
    await expect(devnet.partition([[3]])).rejects.toMatchObject({ code: "INVALID_OPTION" });
    await expect(devnet.partition([[1], [1]])).rejects.toMatchObject({ code: "INVALID_OPTION" });
  });
});
