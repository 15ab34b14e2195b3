/** What a conversation waits for is what is really missing; confirmations say no more than is true. */
import { type ChatEvent, type Conversation, isText, text } from "@chat/sdk";
import { MemoryNetwork, SeededRandom, type SimulatedPerson, Simulation } from "@chat/sdk/testing";
import { decodeState } from "@chat/sds";
import { openMemoryStore, type Store } from "@chat/store";
import { expect, test } from "@jest/globals";
import { MeteredDelivery } from "./metered-delivery.ts";
import { NewerPeer } from "./newer-peer.ts";
import { next, open, until } from "./people.ts";
import { errorsOf, openPerson } from "./person.ts";
import { VirtualClock } from "./virtual-clock.ts";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

async function onlyChat({ client }: Pick<SimulatedPerson, "client">): Promise<Conversation> {
  const [chat] = await client.conversations();
  if (chat === undefined) throw new Error("want a conversation, got none");
  return chat;
}

/** Texts of one side in the database of another, in the order of writing. */
async function textsFrom({ client }: SimulatedPerson, direction: "incoming" | "outgoing"): Promise<number[]> {
  const history = await (await onlyChat({ client })).history({ limit: 10_000 });
  return history
    .filter((message) => message.direction === direction)
    .map(({ content }) => (isText(content) ? Number(content.text) : Number.NaN));
}

test.each([1, Math.floor(Math.random() * 2 ** 31)])(
  "health equals the truth at random moments: loss, partitions, crashes (seed %i)",
  async (seed) => {
    const random = new SeededRandom(seed);
    for (let round = 0; round < 4; round += 1) await compareHealth(seed + round, random);
  },
  60_000,
);

async function compareHealth(seed: number, random: SeededRandom): Promise<void> {
  await using simulation = new Simulation({ seed });
  const raya = await simulation.person("raya", { rateLimit: "devnet" });
  const saro = await simulation.person("saro", { rateLimit: "devnet" });
  const invite = await simulation.run(() => raya.client.createInvite());
  await simulation.run(() => saro.client.accept(invite, text("0")));
  await simulation.pass(MINUTE_MS);
  // What is lost is in no store either, so that it is really missing.
  simulation.setConditions({ loss: 0.3, storeLoss: 0.5, delayMs: 200 });
  const written = { raya: 0, saro: 1 };
  for (let moment = 0; moment < 30; moment += 1) {
    for (const person of [raya, saro]) {
      if (!person.isRunning || !random.chance(0.7)) continue;
      const name = person === raya ? "raya" : "saro";
      const chat = await simulation.run(() => onlyChat(person));
      await simulation.run(() => chat.send(text(`${written[name]}`)));
      written[name] += 1;
    }
    if (random.chance(0.1)) saro.crash();
    if (random.chance(0.1)) raya.setOffline(true);
    await simulation.pass(random.below(10) * SECOND_MS);
    raya.setOffline(false);
    if (!saro.isRunning) await simulation.run(() => saro.start());
    await compare(simulation, raya, saro);
    await compare(simulation, saro, raya);
  }
  simulation.setConditions({ loss: 0, storeLoss: 0 });
  await simulation.pass(6 * HOUR_MS);
  for (const person of [raya, saro]) {
    const health = await simulation.run(async () => (await onlyChat(person)).health());
    expect(health).toEqual({ missing: 0, held: 0, unconfirmed: 0, unsent: 0, canSend: true, isComplete: true });
  }
}

async function compare(simulation: Simulation, reader: SimulatedPerson, writer: SimulatedPerson): Promise<void> {
  const [health, arrived] = await simulation.run(async () => {
    return [await (await onlyChat(reader)).health(), await textsFrom(reader, "incoming")] as const;
  });
  const [own, written] = await simulation.run(async () => {
    return [await (await onlyChat(writer)).health(), await textsFrom(writer, "outgoing")] as const;
  });
  const newest = Math.max(-1, ...arrived);
  const absent = written.filter((number) => !arrived.includes(number));
  const gaps = absent.filter((number) => number < newest);
  // What was written before something that has arrived is known to be missing; nothing is that is there.
  expect(health.missing).toBeLessThanOrEqual(absent.length);
  if (gaps.length > 0) expect(health.missing).toBeGreaterThan(0);
  expect(health.missingSince === undefined).toBe(health.missing === 0);
  expect(health.isComplete && gaps.length > 0).toBe(false);
  expect(health.missing + health.held).toBeLessThanOrEqual(absent.length);
  // Whatever has not arrived is unconfirmed; what is held has.
  expect(own.unconfirmed).toBeGreaterThanOrEqual(absent.length - health.held);
  expect(own.isComplete && absent.length > health.held).toBe(false);
}

test("what is missing is told at once with since when, asked for, and found long before its sender would try again", async () => {
  const clock = new VirtualClock();
  const network = new MemoryNetwork();
  const saro = await openPerson(network.connect(), { clock });
  const raya = await openPerson(network.connect(), { clock });
  const toRaya = await saro.client.accept(await raya.client.createInvite(), text("one"));
  await clock.pass(MINUTE_MS);
  // Subscription and store lose a message.
  const lost = new Set<string>();
  let losing = true;
  network.losesCopy = ({ hash }) => {
    if (losing) lost.add(hash);
    return lost.has(hash);
  };
  network.answerHistory = (messages) => messages.filter(({ hash }) => !lost.has(hash));
  await toRaya.send(text("two"));
  await clock.pass(SECOND_MS);
  losing = false;
  const lostAtMs = clock.nowMs();
  await toRaya.send(text("three"));
  await clock.pass(6 * SECOND_MS);
  const missing = raya.events.filter(
    (event): event is Extract<ChatEvent, { type: "missing" }> => event.type === "missing",
  );
  expect(missing).toMatchObject([{ count: 1, conversationId: saro.client.accountId }]);
  expect(missing[0]?.since.getTime()).toBeGreaterThanOrEqual(lostAtMs);
  const [chat] = await raya.client.conversations();
  expect(await chat?.health()).toMatchObject({ missing: 1, isComplete: false, missingSince: missing[0]?.since });
  expect(await toRaya.health()).toMatchObject({ unconfirmed: 1, unsent: 0, isComplete: false });
  await clock.pass(21 * SECOND_MS); // before 30 s are over, when what is unconfirmed goes out again
  expect(raya.texts).toEqual(["one", "three", "two"]);
  expect(raya.events.filter(({ type }) => type === "found")).toMatchObject([{ count: 1 }]);
  await clock.pass(MINUTE_MS);
  expect(await chat?.health()).toMatchObject({ isComplete: true });
  for (const person of [saro, raya]) {
    expect(errorsOf(person)).toEqual([]);
    await person.client.close();
  }
});

test("a file or a burst makes one confirmation a second at most, and one in all if it is short", async () => {
  const clock = new VirtualClock();
  const network = new MemoryNetwork();
  const ofRaya = new MeteredDelivery(network, clock);
  const saro = await openPerson(network.connect(), { clock, rateLimit: "devnet" });
  const raya = await openPerson(ofRaya, { clock, acknowledgementDelayMs: 2_000 });
  const toRaya = await saro.client.accept(await raya.client.createInvite(), text("hello"));
  await clock.pass(5 * MINUTE_MS);
  const before = ofRaya.calls.length;
  await Promise.all(Array.from({ length: 30 }, (_, index) => toRaya.send(text(`${index}`))));
  await clock.pass(10 * SECOND_MS);
  expect(ofRaya.calls.length - before).toBe(1);
  const start = ofRaya.calls.length;
  for (let index = 0; index < 100; index += 1) {
    await toRaya.send(text(`slowly ${index}`));
    await clock.pass(200);
  }
  await clock.pass(10 * SECOND_MS);
  const times = ofRaya.calls.slice(start).map(({ atMs }) => atMs);
  expect(times.length).toBeGreaterThan(3);
  const pauses = times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0));
  expect(Math.min(...pauses)).toBeGreaterThanOrEqual(SECOND_MS);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(4_300); // the random delay is 4 s at most
  for (const { client } of [saro, raya]) await client.close();
});

test("a confirmation counts for what it names in its own session, once, and never takes anything back", async () => {
  const network = new MemoryNetwork();
  const [ofSaro, ofRaya] = [openMemoryStore(), openMemoryStore()];
  await using raya = await open(network.connect(), { database: ofRaya });
  await using other = await open(network.connect());
  const saro = await open(network.connect(), { database: keptOpen(ofSaro) });
  await saro.accept(await raya.createInvite(), text("hello"));
  const { conversation: toSaro } = await next(raya);
  await other.accept(await raya.createInvite(), text("hello"));
  await until(async () => (await raya.conversations()).length === 2, "the other one");
  const toOther = (await raya.conversations()).find(({ id }) => id === other.accountId);
  await until(async () => (await saro.find({ status: "delivered" })).length === 1, "Saro's is confirmed");
  await saro.close();
  await other.close();
  const waits = await toOther?.send(text("for the other one"));
  const forSaro = await toSaro.send(text("for Saro"));
  await forSaro.sent();
  const forged = await NewerPeer.of(ofSaro, network);
  const sessions = await ofRaya.secrets.sessions();
  const channels = await Promise.all(
    sessions.map(async ({ id, conversationId }) => {
      const state = await ofRaya.messages.sdsState(id);
      return {
        conversationId,
        ids: state === undefined ? [] : decodeState(state).outstanding.map(({ messageId }) => messageId),
      };
    }),
  );
  const idsOf = (id: string) => channels.find(({ conversationId }) => conversationId === id)?.ids ?? [];
  const [own = "", ofOthers = ""] = [idsOf(toSaro.id).at(-1), idsOf(other.accountId).at(-1)];
  // What was never sent, and what was sent to somebody else.
  forged.confirm(["0".repeat(32), ofOthers]);
  forged.confirm([own]);
  await until(async () => (await forSaro.status()) === "delivered", "its own is confirmed");
  forged.confirm([own, ofOthers, "1".repeat(32)]);
  await forSaro.delivered();
  expect(await forSaro.status()).toBe("delivered");
  expect(await waits?.status()).toBe("sent");
  expect(await toSaro.health()).toMatchObject({ unconfirmed: 0 });
  expect(await toOther?.health()).toMatchObject({ unconfirmed: 1, isComplete: false });
});

/** Outlives the client that has it. */
function keptOpen(store: Store): Store {
  const close = async () => {};
  return {
    messages: store.messages,
    secrets: store.secrets,
    write: (change) => store.write(change),
    close,
    [Symbol.asyncDispose]: close,
  };
}
