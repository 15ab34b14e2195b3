/**
 * Area `e2e`: two chat clients, beside two bare light nodes that send plain bytes, through one and the same service
 * node of the devnet, all on this machine and in this process. README.md says what is like for like and what is not.
 * @module
 */
import { type Devnet, startDevnet } from "@chat/devnet";
import type { BenchArea, BenchCase, Sides } from "../case.ts";
import { BareNode } from "../e2e/bare-node.ts";
import { newKeys } from "../e2e/body.ts";
import { ChatPair } from "../e2e/chat-pair.ts";
import { Owned } from "../e2e/owned.ts";
import { median } from "../statistics.ts";

const PEER = "@waku/sdk";
const TOPIC = "/bench/1/messages/proto";
const ECHO_TOPIC = "/bench/1/echoes/proto";

/** Messages of one round of a latency, one after the other; the round's figure is their median. */
const LATENCY_MESSAGES = 20;
const THROUGHPUT_MESSAGES = 500;
/** As many as the SDK's outbox has in flight. */
const IN_FLIGHT = 8;
/** Between two messages of a latency: what the one before leaves to do, at either end, is not the next one's. */
const REST_MS = 40;
const AWAY_MS = 2_000;
/** The peer's sender is not told when it may push again. */
const RESEND_MS = 50;

const start: BenchCase = {
  name: "start",
  title: "from nothing but an account on disk to the first message delivered and confirmed",
  unit: "ms",
  better: "lower",
  peer: PEER,
  note: "ours opens and reads an encrypted database and asks the store node what it missed; the peer has no state",
  rounds: 9,
  limitMs: 30_000,
  prepare: () =>
    prepare(async (devnet, owned) => {
      const pair = owned.use(await ChatPair.open(devnet, { acknowledgementDelayMs: 0 }));
      await pair.closeSaro();
      await echo(devnet, owned);
      return {
        ours: () =>
          duration(
            async () => {
              await pair.reopenSaro();
              const [key = ""] = newKeys(1);
              await (await pair.send(key)).delivered();
            },
            () => pair.closeSaro(),
          ),
        theirs: async () => {
          await using opened = new Owned();
          return await duration(async () => {
            const sender = opened.use(await BareNode.open(devnet));
            const echoes = await sender.listen(ECHO_TOPIC);
            const [key = ""] = newKeys(1);
            await sender.send(TOPIC, key);
            await echoes.of(key);
          });
        },
      };
    }),
};

const receive: BenchCase = {
  name: "receive",
  title: "from send() to the recipient's application",
  unit: "ms",
  better: "lower",
  peer: PEER,
  note: "ours encrypts, and is durable at the sender's before it goes out and at the recipient's before it is shown; the peer does neither",
  rounds: 15,
  limitMs: 60_000,
  prepare: () =>
    prepare(async (devnet, owned) => {
      const pair = owned.use(await ChatPair.open(devnet));
      const sender = owned.use(await BareNode.open(devnet));
      const arrivals = await owned.use(await BareNode.open(devnet)).listen(TOPIC);
      return {
        ours: async () => {
          const latencyMs = await latency(async (key) => {
            await pair.send(key);
            return pair.arrivals.of(key);
          });
          await pair.settle();
          return latencyMs;
        },
        theirs: () =>
          latency(async (key) => {
            await sender.send(TOPIC, key);
            return arrivals.of(key);
          }),
      };
    }),
};

const delivered: BenchCase = {
  name: "delivered",
  title: "from send() to the confirmation at the sender's",
  unit: "ms",
  better: "lower",
  peer: PEER,
  note: "both ways: ours with acknowledgementDelayMs 0, the peer with an echo that the application sends back at once",
  rounds: 15,
  limitMs: 60_000,
  prepare: () =>
    prepare(async (devnet, owned) => {
      const pair = owned.use(await ChatPair.open(devnet, { acknowledgementDelayMs: 0 }));
      await echo(devnet, owned);
      const sender = owned.use(await BareNode.open(devnet));
      const echoes = await sender.listen(ECHO_TOPIC);
      return {
        ours: () =>
          latency(async (key) => {
            await (await pair.send(key)).delivered();
            return performance.now();
          }),
        theirs: () =>
          latency(async (key) => {
            await sender.send(TOPIC, key);
            return echoes.of(key);
          }),
      };
    }),
};

const throughput: BenchCase = {
  name: "throughput",
  title: `${THROUGHPUT_MESSAGES} messages of 200 bytes, ${IN_FLIGHT} in flight, until the recipient has all`,
  unit: "messages/s",
  better: "higher",
  peer: PEER,
  note: "ours encrypts, and writes every message durably at both ends; the peer keeps nothing",
  rounds: 5,
  limitMs: 120_000,
  prepare: () =>
    prepare(async (devnet, owned) => {
      const pair = owned.use(await ChatPair.open(devnet));
      const sender = owned.use(await BareNode.open(devnet));
      const arrivals = await owned.use(await BareNode.open(devnet)).listen(TOPIC);
      return {
        ours: async () => {
          const messagesPerSecond = await rate(async (keys) => {
            await Promise.all(keys.map((key) => pair.send(key)));
            return pair.arrivals.all(keys);
          });
          await pair.settle();
          return messagesPerSecond;
        },
        theirs: () =>
          rate(async (keys) => {
            const waiting = [...keys];
            const push = async () => {
              for (let key = waiting.shift(); key !== undefined; key = waiting.shift()) await sender.send(TOPIC, key);
            };
            await Promise.all(Array.from({ length: IN_FLIGHT }, push));
            return arrivals.all(keys);
          }),
      };
    }),
};

const reconnect: BenchCase = {
  name: "reconnect",
  title: "from a service node that is back to the next message from one application to the other",
  unit: "ms",
  better: "lower",
  peer: PEER,
  note: "the node was away for two seconds; ours dials it by itself, of the peer it is the own recovery",
  rounds: 5,
  limitMs: 120_000,
  prepare: () =>
    prepare(async (devnet, owned) => {
      const pair = owned.use(await ChatPair.open(devnet));
      return {
        ours: async () => {
          const tookMs = await restarted(devnet, async (key) => {
            await pair.send(key);
            return pair.arrivals.of(key);
          });
          await pair.settle();
          return tookMs;
        },
        theirs: async () => {
          await using opened = new Owned();
          const sender = opened.use(await BareNode.open(devnet, { recovers: true }));
          const arrivals = await opened.use(await BareNode.open(devnet, { recovers: true })).listen(TOPIC);
          return await restarted(devnet, async (key) => {
            const again = setInterval(() => void sender.send(TOPIC, key).catch(() => {}), RESEND_MS);
            return arrivals.of(key).finally(() => clearInterval(again));
          });
        },
      };
    }),
};

export const e2e: BenchArea = {
  name: "e2e",
  title: "end to end through a service node on this machine",
  cases: [start, receive, delivered, throughput, reconnect],
};

/** A devnet of one node, and what `open` opens on it; closed together, the devnet last. */
async function prepare(
  open: (devnet: Devnet, owned: Owned) => Promise<Pick<Sides, "ours" | "theirs">>,
): Promise<Sides> {
  const owned = new Owned();
  try {
    const sides = await open(owned.use(await startDevnet()), owned);
    return { ...sides, [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose]() };
  } catch (error) {
    await owned[Symbol.asyncDispose]();
    throw error;
  }
}

/** The application of the peer's recipient: sends back what it receives, as large as it came. */
async function echo(devnet: Devnet, owned: Owned): Promise<void> {
  const recipient = owned.use(await BareNode.open(devnet));
  // One that gets lost is noticed by the sender, who waits for it.
  await recipient.listen(TOPIC, (key) => void recipient.send(ECHO_TOPIC, key).catch(() => {}));
}

/** @param afterwards - is not measured */
async function duration(work: () => Promise<void>, afterwards = async () => {}): Promise<number> {
  const startedAtMs = performance.now();
  await work();
  const tookMs = performance.now() - startedAtMs;
  await afterwards();
  return tookMs;
}

/** @param transfer - begins when the node is back; resolves with the time of arrival */
async function restarted(devnet: Devnet, transfer: (key: string) => Promise<number>): Promise<number> {
  const [node] = devnet.nodes;
  await node?.stop();
  await new Promise((resolve) => setTimeout(resolve, AWAY_MS));
  await node?.start();
  const backAtMs = performance.now();
  const [key = ""] = newKeys(1);
  return (await transfer(key)) - backAtMs;
}

/** @param transfer - resolves with the time of arrival */
async function latency(transfer: (key: string) => Promise<number>): Promise<number> {
  const latenciesMs: number[] = [];
  for (const key of newKeys(LATENCY_MESSAGES)) {
    await new Promise((resolve) => setTimeout(resolve, REST_MS));
    const sentAtMs = performance.now();
    latenciesMs.push((await transfer(key)) - sentAtMs);
  }
  return median(latenciesMs);
}

/** @param transfer - resolves with the time of the last arrival */
async function rate(transfer: (keys: readonly string[]) => Promise<number>): Promise<number> {
  const keys = newKeys(THROUGHPUT_MESSAGES);
  const startedAtMs = performance.now();
  const endedAtMs = await transfer(keys);
  return (keys.length * 1000) / (endedAtMs - startedAtMs);
}
