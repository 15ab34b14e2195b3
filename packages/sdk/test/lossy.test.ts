/** Networks that lose, repeat and forget, for hours of virtual time. */
import { type InboundMessage, text } from "@chat/sdk";
import { type MemoryDelivery, MemoryNetwork } from "@chat/sdk/testing";
import { describe, expect, test } from "@jest/globals";
import { equalBytes } from "../src/bytes.ts";
import { errorsOf, openPerson } from "./person.ts";
import { randomFrom } from "./random.ts";
import { VirtualClock } from "./virtual-clock.ts";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

/** Raya and Saro in one conversation that is established, with everything they emit. */
async function pair() {
  const clock = new VirtualClock();
  const network = new MemoryNetwork();
  const options = { clock, acknowledgementDelayMs: 2000 };
  const raya = await openPerson(network.connect(), options);
  const saro = await openPerson(network.connect(), options);
  const toRaya = await saro.client.accept(await raya.client.createInvite(), text("hello"));
  await clock.pass(10 * SECOND_MS);
  const [toSaro] = await raya.client.conversations();
  if (toSaro === undefined) throw new Error("the first message did not arrive");
  await toSaro.send(text("hello yourself"));
  await clock.pass(MINUTE_MS);
  const close = async () => {
    await raya.client.close();
    await saro.client.close();
  };
  return { clock, network, raya, saro, toRaya, toSaro, [Symbol.asyncDispose]: close };
}

type Side = Awaited<ReturnType<typeof openPerson<MemoryDelivery>>>;

/** How many messages `missing` named, less those that `found` or `lost` did; and whether it was ever below zero. */
function gapsOf({ events }: Side): { open: number; lost: number; wasNegative: boolean } {
  const gaps = { open: 0, lost: 0, wasNegative: false };
  for (const event of events) {
    if (event.type === "missing") gaps.open += event.count;
    if (event.type === "found" || event.type === "lost") gaps.open -= event.count;
    if (event.type === "lost") gaps.lost += event.count;
    gaps.wasNegative ||= gaps.open < 0;
  }
  return gaps;
}

async function statusesOf({ client }: Side): Promise<Set<string>> {
  const [conversation] = await client.conversations();
  const history = (await conversation?.history({ limit: 10_000 })) ?? [];
  return new Set(history.flatMap((message) => (message.direction === "outgoing" ? [message.status] : [])));
}

function expectNothingLeft(sides: readonly Side[]) {
  return Promise.all(
    sides.map(async (side) => {
      expect(errorsOf(side)).toEqual([]);
      expect(await Array.fromAsync(side.store.messages.outbox())).toEqual([]);
      expect(await statusesOf(side)).toEqual(new Set(["delivered"]));
    }),
  );
}

describe("a network that loses 30 % of copies and repeats others, for two hours", () => {
  test.each([
    { seed: 1, storeForgets: 0 },
    { seed: 2, storeForgets: 0.3 },
    { seed: Math.floor(Math.random() * 2 ** 31), storeForgets: 0.3 },
  ])(
    "every message arrives once, gaps close, all are delivered (seed $seed, store forgets $storeForgets)",
    async (options) => {
      await using chat = await pair();
      const { clock, network, raya, saro, toRaya, toSaro } = chat;
      const random = randomFrom(options.seed);
      const forgotten = new Set<string>();
      network.losesCopy = ({ hash }) => {
        if (random() < options.storeForgets) forgotten.add(hash);
        return random() < 0.3;
      };
      network.answerHistory = (messages) => messages.filter(({ hash }) => !forgotten.has(hash));
      const written = { raya: ["hello yourself"], saro: ["hello"] };
      const endMs = clock.nowMs() + 2 * 60 * MINUTE_MS;
      for (let number = 0; clock.nowMs() < endMs; number += 1) {
        const [name, to] = random() < 0.5 ? (["raya", toSaro] as const) : (["saro", toRaya] as const);
        const burst = random() < 0.1 ? 5 : 1;
        for (let index = 0; index < burst; index += 1) {
          const body = `${number}.${index}`;
          written[name].push(body);
          await to.send(text(body));
        }
        if (random() < 0.3) {
          const old = network.published[Math.floor(random() * network.published.length)];
          if (old !== undefined) network.inject(random() < 0.5 ? old : { ...old, hash: `repeated ${number}` });
        }
        await clock.pass(Math.floor(random() * MINUTE_MS));
      }
      network.losesCopy = () => false;
      network.answerHistory = (messages) => messages;
      await clock.pass(3 * 60 * MINUTE_MS); // the longest pause between retransmissions is an hour

      expect(raya.texts.toSorted()).toEqual(written.saro.toSorted());
      expect(saro.texts.toSorted()).toEqual(written.raya.toSorted());
      for (const side of [raya, saro]) expect(gapsOf(side)).toEqual({ open: 0, lost: 0, wasNegative: false });
      await expectNothingLeft([raya, saro]);
    },
  );
});

describe("one fault at a time", () => {
  test("a message that subscription and store both lose is sent again after 30 s, in a new envelope", async () => {
    await using chat = await pair();
    const { clock, network, raya, toRaya } = chat;
    const before = network.published.length;
    const lost = new Set<string>();
    network.losesCopy = ({ hash }) => {
      lost.add(hash);
      return true;
    };
    network.answerHistory = (messages) => messages.filter(({ hash }) => !lost.has(hash));
    const sent = await toRaya.send(text("once more"));
    await clock.pass(SECOND_MS);
    network.losesCopy = () => false;
    await clock.pass(28 * SECOND_MS);
    expect(raya.texts).toEqual(["hello"]);
    expect(await sent.status()).toBe("sent");
    expect(network.published.length - before).toBe(1);

    await clock.pass(20 * SECOND_MS);
    expect(raya.texts).toEqual(["hello", "once more"]);
    expect(await sent.status()).toBe("delivered");
    const [first, second] = network.published.slice(before);
    expect(second?.payload).not.toEqual(first?.payload);
    for (const message of [first, second]) if (message) network.inject({ ...message, hash: `late ${message.hash}` });
    await clock.pass(60 * MINUTE_MS);
    expect(raya.texts).toEqual(["hello", "once more"]);
    expect(network.published.length - before).toBe(4); // twice the message, and as often its acknowledgement
  });

  test("when only the acknowledgement is lost, the message comes again, is not shown again, and is acknowledged again", async () => {
    await using chat = await pair();
    const { clock, network, raya, toRaya } = chat;
    const sent = await toRaya.send(text("heard you"));
    await clock.pass(0);
    const lost = new Set<string>();
    network.losesCopy = ({ hash }) => {
      lost.add(hash);
      return true;
    };
    network.answerHistory = (messages) => messages.filter(({ hash }) => !lost.has(hash));
    await clock.pass(10 * SECOND_MS);
    expect(lost.size).toBe(1);
    network.losesCopy = () => false;
    expect(await sent.status()).toBe("sent");
    await clock.pass(MINUTE_MS);
    expect(await sent.status()).toBe("delivered");
    expect(raya.texts).toEqual(["hello", "heard you"]);
  });

  test("a burst of 20 messages costs at most 2 acknowledgements", async () => {
    await using chat = await pair();
    const { clock, network, raya, toRaya } = chat;
    const before = network.published.length;
    const sent = await Promise.all(numbers(20).map((body) => toRaya.send(text(body))));
    await clock.pass(20 * SECOND_MS);
    expect(raya.texts).toEqual(["hello", ...numbers(20)]);
    for (const message of sent) expect(await message.status()).toBe("delivered");
    expect(network.published.length - before - sent.length).toBeGreaterThan(0);
    expect(network.published.length - before - sent.length).toBeLessThanOrEqual(2);
  });

  test("a message stamped more than 8 minutes ago is never published so; a fresh envelope takes its content", async () => {
    await using chat = await pair();
    const { clock, network, raya, saro, toRaya } = chat;
    const before = network.published.length;
    const { delivery } = saro;
    const publish = delivery.publish.bind(delivery);
    delivery.publish = async () => {
      delivery.setHealth("disconnected"); // after the stamp, before any service node has it
      return publish({ topic: "", payload: new Uint8Array(), timestampMs: 0 });
    };
    const sent = await toRaya.send(text("from the tunnel"));
    await clock.pass(SECOND_MS);
    const [row] = await Array.fromAsync(saro.store.messages.outbox());
    expect(row?.timestampMs).toBeDefined();
    const stale = await saro.store.messages.outboxPayload(row?.id ?? "");
    delivery.publish = publish;
    await clock.pass(20 * MINUTE_MS);
    expect((await Array.fromAsync(saro.store.messages.outbox())).length).toBeLessThanOrEqual(1);
    const backAtMs = clock.nowMs();
    delivery.setHealth("connected");
    await clock.pass(2 * 60 * MINUTE_MS);
    expect(raya.texts).toEqual(["hello", "from the tunnel"]);
    expect(await sent.status()).toBe("delivered");
    const published = network.published.slice(before);
    expect(published.length).toBeGreaterThanOrEqual(2);
    for (const { timestampMs } of published) expect(timestampMs).toBeGreaterThan(backAtMs - 8 * MINUTE_MS - SECOND_MS);
    expect(published.some(({ payload }) => stale !== undefined && equalBytes(payload, stale))).toBe(false);
    await expectNothingLeft([raya, saro]);
  });

  test("garbage, and envelopes altered behind a hint that matches, are counted and change nothing", async () => {
    await using chat = await pair();
    const { clock, network, raya, saro, toRaya } = chat;
    const random = randomFrom(3);
    const genuine = network.published.filter((_, index) => index < 4);
    for (let index = 0; index < 400; index += 1) {
      const source = genuine[index % genuine.length] as InboundMessage;
      network.inject({ ...source, hash: `garbage ${index}`, payload: spoil(source.payload, random) });
    }
    await clock.pass(MINUTE_MS);
    for (const { client } of [raya, saro]) {
      const counted = Object.values(client.discarded).reduce((sum, count) => sum + count, 0);
      expect(counted).toBeGreaterThan(0);
      expect(client.discarded.undecryptable).toBeGreaterThan(0);
    }
    const sent = await toRaya.send(text("still here"));
    await clock.pass(MINUTE_MS);
    expect(await sent.status()).toBe("delivered");
    expect(raya.texts).toEqual(["hello", "still here"]);
    await expectNothingLeft([raya, saro]);
  });
});

/** Cut, lengthened, or one bit of the second half turned, where the ciphertext is. */
function spoil(payload: Uint8Array, random: () => number): Uint8Array {
  const choice = random();
  if (choice < 0.2) return payload.slice(0, Math.floor(random() * payload.length));
  if (choice < 0.3) return Uint8Array.of(...payload, 1, 2, 3);
  if (choice < 0.4) return payload.map(() => Math.floor(random() * 256));
  const at = Math.floor(payload.length * (0.5 + random() / 2));
  return payload.map((byte, index) => (index === at ? byte ^ 1 : byte));
}

function numbers(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${index}`);
}
