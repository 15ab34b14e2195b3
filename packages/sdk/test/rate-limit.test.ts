/** Nothing leaves beyond the quota, and what matters goes first. Limits are those of The Waku Network: 100 in 600 s. */
import { ChatError, type ChatEvent, file, type SentMessage, text } from "@chat/sdk";
import { MemoryNetwork } from "@chat/sdk/testing";
import { openMemoryStore } from "@chat/store";
import { describe, expect, test } from "@jest/globals";
import { MeteredDelivery } from "./metered-delivery.ts";
import { errorsOf, openPerson } from "./person.ts";
import { randomFrom } from "./random.ts";
import { VirtualClock } from "./virtual-clock.ts";

const SECOND_MS = 1000;
const EPOCH_MS = 600 * SECOND_MS;
const LIMIT = 100;
const LOW_MARK = 30;
const KB = 1024;

/** Saro, and Raya who answers; the conversation is established and a new epoch has begun. */
async function pair({ raya: ofRaya = "devnet" }: { readonly raya?: "twn" | "devnet" } = {}) {
  const clock = new VirtualClock();
  const network = new MemoryNetwork();
  const options = { clock, acknowledgementDelayMs: 1000 };
  const raya = await openPerson(new MeteredDelivery(network, clock), { ...options, rateLimit: ofRaya });
  const saro = await openPerson(new MeteredDelivery(network, clock), { ...options, rateLimit: "twn" });
  const toRaya = await saro.client.accept(await raya.client.createInvite(), text("hello"));
  await clock.pass(10 * SECOND_MS);
  const [toSaro] = await raya.client.conversations();
  if (toSaro === undefined) throw new Error("the first message did not arrive");
  await toSaro.send(text("hello yourself"));
  await nextEpoch(clock);
  const close = async () => {
    await raya.client.close();
    await saro.client.close();
    expect(saro.delivery.offences(LIMIT)).toEqual([]);
    expect(raya.delivery.offences(ofRaya === "twn" ? LIMIT : 100_000)).toEqual([]);
  };
  return { clock, network, raya, saro, toRaya, toSaro, [Symbol.asyncDispose]: close };
}

async function nextEpoch(clock: VirtualClock): Promise<void> {
  await clock.pass(EPOCH_MS - (clock.nowMs() % EPOCH_MS) + SECOND_MS);
}

function bytes(length: number): Uint8Array {
  return new Uint8Array(length).fill(7);
}

function filler(length = 12 * 1024 * KB) {
  return file({ name: "film.mkv", mediaType: "video/x-matroska", bytes: bytes(length) });
}

/** Uses up what an epoch has for normal messages: 70 envelopes. */
async function makeLow({ clock, toRaya }: Awaited<ReturnType<typeof pair>>) {
  const sent = await toRaya.send(filler());
  await clock.pass(SECOND_MS);
  return sent;
}

describe("priorities", () => {
  test("a long file leaves the reserve to texts; when that is gone too, texts wait for the next epoch and go first", async () => {
    await using chat = await pair();
    const { clock, saro, raya, toRaya } = chat;
    const long = await makeLow(chat);
    expect(saro.client.quota).toMatchObject({ total: LIMIT, used: LIMIT - LOW_MARK, level: "low" });
    expect(long.waiting()).toMatchObject({ reason: "quota", until: new Date(saro.client.quota.resetsAtMs) });

    for (let index = 0; index < LOW_MARK; index += 1) await toRaya.send(text(`at once ${index}`));
    const late = await toRaya.send(text("next time"));
    await clock.pass(SECOND_MS);
    expect(raya.texts.filter((each) => each.startsWith("at once"))).toHaveLength(LOW_MARK);
    expect(saro.client.quota).toMatchObject({ remaining: 0, level: "exhausted" });
    expect(await late.status()).toBe("queued");
    expect(late.waiting()).toMatchObject({ envelopes: 1, reason: "quota" });

    const { resetsAtMs } = saro.client.quota;
    await nextEpoch(chat.clock);
    const [first] = saro.delivery.callsSince(resetsAtMs);
    expect(raya.texts).toContain("next time");
    await clock.pass(10 * SECOND_MS); // it may have been sent once more, while there was quota for that
    expect(late.waiting()).toBeUndefined();
    expect(first?.message.payload.length).toBeLessThan(KB); // the text, not a segment
    await long.sent();
    expect(raya.events.filter(({ type }) => type === "missing")).toEqual([]); // no text names what it overtook
  });

  test("100 MB delay no text while the reserve lasts, in any epoch", async () => {
    await using chat = await pair();
    const { clock, raya, toRaya } = chat;
    await toRaya.send(filler(100_000_000));
    for (let epoch = 0; epoch < 3; epoch += 1) {
      for (let index = 0; index < LOW_MARK; index += 1) {
        const name = `${epoch} ${index}`;
        await toRaya.send(text(name));
        await clock.pass(SECOND_MS);
        expect(raya.texts.at(-1)).toBe(name);
      }
      await nextEpoch(clock);
    }
  }, 60_000);

  test("the application chooses: a critical file uses the reserve, a normal text waits behind it", async () => {
    await using chat = await pair();
    const { clock, saro, toRaya, raya } = chat;
    await makeLow(chat);
    const patient = await toRaya.send(text("no hurry"), { priority: "normal" });
    const urgent = await toRaya.send(filler(400 * KB), { priority: "critical" });
    await clock.pass(SECOND_MS);
    await urgent.sent();
    expect(await patient.status()).toBe("queued");
    expect(saro.client.quota.usedBy).toEqual({ critical: 3, normal: 70, optional: 0 });
    await nextEpoch(clock);
    expect(raya.texts).toContain("no hurry");
  });

  test("a short normal message takes its turn between the segments of a file, not behind the last", async () => {
    await using chat = await pair();
    const { clock, raya, toRaya } = chat;
    await toRaya.send(filler(60 * 1024 * KB)); // 480 segments: 7 epochs
    await toRaya.send(text("short"), { priority: "normal" });
    await clock.pass(SECOND_MS);
    expect(raya.texts.at(-1)).toBe("short");
  });

  test("an optional message is dropped while quota is low; the peer misses nothing", async () => {
    await using chat = await pair();
    const { clock, raya, saro, toRaya } = chat;
    await makeLow(chat);
    const dropped = await toRaya.send(text("whatever"), { priority: "optional" });
    expect(await dropped.status()).toBe("dropped");
    await expect(dropped.sent()).rejects.toMatchObject({ code: "MESSAGE_DROPPED" });
    await toRaya.send(text("after"));
    await nextEpoch(clock);
    await nextEpoch(clock);
    const high = await toRaya.send(text("now"), { priority: "optional" });
    await clock.pass(10 * SECOND_MS);
    expect(await high.status()).toBe("delivered");
    expect(raya.texts).toEqual(expect.arrayContaining(["after", "now"]));
    expect(raya.texts).not.toContain("whatever");
    expect(raya.events.filter(({ type }) => type === "missing")).toEqual([]);
    const statuses = saro.events.filter((event) => event.type === "status" && event.messageId === dropped.id);
    expect(statuses).toMatchObject([{ status: "dropped" }]);
  });
});

test("an optional message that was taken and then finds no room goes in a later epoch", async () => {
  await using chat = await pair();
  const { clock, raya, saro, toRaya } = chat;
  saro.delivery.setHealth("disconnected");
  const optional = await toRaya.send(text("taken"), { priority: "optional" });
  await toRaya.send(filler());
  saro.delivery.setHealth("connected");
  await clock.pass(SECOND_MS);
  expect(saro.client.quota.usedBy).toMatchObject({ normal: 70, optional: 0 });
  expect(await optional.status()).toBe("queued");
  await nextEpoch(clock);
  expect(raya.texts).toContain("taken");
  await optional.sent();
});

/** A tenth of the quota is left. */
async function makeScarce(chat: Awaited<ReturnType<typeof pair>>): Promise<void> {
  const { clock, saro, toRaya } = chat;
  await makeLow(chat);
  while (saro.client.quota.remaining > 10) {
    await toRaya.send(text("once more"));
    await clock.pass(SECOND_MS);
  }
}

describe("acknowledgements", () => {
  test("of the last tenth of the quota none is sent; what they owe rides on the next text", async () => {
    await using chat = await pair();
    const { clock, raya, saro, toRaya } = chat;
    await makeScarce(chat);
    const before = saro.delivery.calls.length;
    const question = await chat.toSaro.send(text("are you there?"));
    await clock.pass(60 * SECOND_MS);
    expect(saro.texts.at(-1)).toBe("are you there?");
    expect(saro.delivery.calls).toHaveLength(before);
    expect(await question.status()).toBe("sent");
    await toRaya.send(text("yes"));
    await clock.pass(SECOND_MS);
    expect(raya.texts.at(-1)).toBe("yes");
    expect(await question.status()).toBe("delivered");
  });

  test("with nothing to ride on, one acknowledgement for all goes at the beginning of the next epoch", async () => {
    await using chat = await pair();
    const { clock, raya, saro, toSaro } = chat;
    await makeScarce(chat);
    const questions = [];
    for (let index = 0; index < 5; index += 1) {
      questions.push(await toSaro.send(text(`question ${index}`)));
      await clock.pass(5 * SECOND_MS);
    }
    const { resetsAtMs } = saro.client.quota;
    await nextEpoch(clock);
    await clock.pass(5 * SECOND_MS);
    for (const question of questions) expect(await question.status()).toBe("delivered");
    const small = saro.delivery.callsSince(resetsAtMs).filter(({ message }) => message.payload.length < KB);
    expect(small).toHaveLength(1);
    expect(errorsOf(raya)).toEqual([]);
  });

  test("are owed over a restart", async () => {
    const clock = new VirtualClock();
    const network = new MemoryNetwork();
    const options = { clock, acknowledgementDelayMs: 1000 };
    await using raya = (await openPerson(new MeteredDelivery(network, clock), options)).client;
    const database = openMemoryStore();
    const stays = { ...database, close: async () => {} }; // the restart
    const messages = { messages: database.messages, secrets: database.secrets };
    const store = {
      ...stays,
      ...messages,
      write: database.write.bind(database),
      [Symbol.asyncDispose]: async () => {},
    };
    const limited = { ...options, rateLimit: { messagesPerEpoch: 1 } };
    const saro = await openPerson(new MeteredDelivery(network, clock), { ...limited, database: store });
    await saro.client.accept(await raya.createInvite(), text("hello")); // the only one of this epoch
    await clock.pass(10 * SECOND_MS);
    const [toSaro] = await raya.conversations();
    const answer = await toSaro?.send(text("hello yourself"));
    await clock.pass(10 * SECOND_MS);
    expect(saro.texts).toEqual(["hello yourself"]);
    await saro.client.close();

    const again = await openPerson(new MeteredDelivery(network, clock), { ...limited, database: store });
    await clock.pass(60 * SECOND_MS);
    expect(again.delivery.calls).toEqual([]);
    expect(again.client.quota).toMatchObject({ total: 1, used: 1 });
    await nextEpoch(clock);
    await clock.pass(5 * SECOND_MS);
    expect(await answer?.status()).toBe("delivered");
    await again.client.close();
    expect(again.delivery.offences(1)).toEqual([]);
  });
});

describe("retransmissions", () => {
  test("wait while quota is low, and go when it is high again", async () => {
    await using chat = await pair();
    const { clock, network, raya, saro, toRaya } = chat;
    network.losesCopy = () => true;
    network.answerHistory = () => [];
    const lost = await toRaya.send(text("lost at first"));
    await makeLow(chat);
    const before = saro.delivery.calls.length;
    await clock.pass(300 * SECOND_MS);
    expect(saro.delivery.calls).toHaveLength(before);
    network.losesCopy = () => false;
    await nextEpoch(clock); // the rest of the file leaves quota high
    await clock.pass(300 * SECOND_MS);
    expect(raya.texts).toContain("lost at first");
    expect(await lost.status()).toBe("delivered");
  });
});

describe("without a connection", () => {
  test("no quota is used, and the message says what it waits for", async () => {
    await using chat = await pair();
    const { clock, raya, saro, toRaya } = chat;
    const { used } = saro.client.quota;
    saro.delivery.setHealth("disconnected");
    const sent = await toRaya.send(text("from the tunnel"));
    await clock.pass(120 * SECOND_MS);
    expect(saro.client.quota.used).toBe(used);
    expect(sent.waiting()).toEqual({ envelopes: 1, reason: "connection" });
    saro.delivery.setHealth("connected");
    await clock.pass(SECOND_MS);
    expect(raya.texts.at(-1)).toBe("from the tunnel");
    expect(saro.client.quota.used).toBe(used + 1);
  });

  test("a service node that answers nobody costs a few places of the quota, not all of it, and one error a pause", async () => {
    await using chat = await pair();
    const { clock, raya, saro, toRaya } = chat;
    const unreachable = () => new ChatError("PEER_UNREACHABLE", "silence", { retryable: true });
    for (let index = 0; index < 40; index += 1) saro.delivery.failures.push(unreachable);
    for (let index = 0; index < 50; index += 1) await toRaya.send(text(`${index}`));
    await clock.pass(20 * SECOND_MS);
    expect(saro.client.quota.used).toBeLessThan(20);
    expect(errorsOf(saro).length).toBeLessThan(8);
    await clock.pass(500 * SECOND_MS);
    expect(raya.texts.slice(-50).toSorted()).toEqual(Array.from({ length: 50 }, (_, index) => `${index}`).toSorted());
    expect(saro.client.quota.used).toBeLessThan(80); // texts, acknowledgements, and what the pauses cost
  });

  test("a message that is refused for now is tried again by itself, and says so", async () => {
    await using chat = await pair();
    const { clock, raya, saro, toRaya } = chat;
    const busy = () => new ChatError("DELIVERY_REFUSED", "busy", { retryable: true });
    saro.delivery.failures.push(busy);
    const before = saro.delivery.calls.length;
    const refused = await toRaya.send(text("refused at first"));
    const other = await toRaya.send(text("other"));
    await clock.pass(100);
    await other.sent();
    expect(refused.waiting()).toMatchObject({ reason: "retry", problem: "busy" });
    await clock.pass(10 * SECOND_MS);
    expect(await refused.status()).toBe("delivered");
    expect(raya.texts).toContain("refused at first");
    // The same place of the quota and the same timestamp: the same hash.
    const calls = saro.delivery.calls.slice(before).map(({ message }) => message);
    expect(calls.filter((message) => message.slot?.index === calls[0]?.slot?.index)).toEqual([calls[0], calls[0]]);
  });
});

test.each([5, Math.floor(Math.random() * 2 ** 31)])(
  "two limited people, a network that loses a third of the copies, hours of texts and files: all arrives once (seed %i)",
  async (seed) => {
    const random = randomFrom(seed);
    await using chat = await pair({ raya: "twn" });
    const { clock, network, raya, saro, toRaya, toSaro } = chat;
    network.losesCopy = () => random() < 0.33;
    const sent: SentMessage[] = [];
    const texts: { readonly raya: string[]; readonly saro: string[] } = { raya: [], saro: [] };
    for (let minute = 0; minute < 120; minute += 1) {
      for (const [conversation, received] of [
        [toRaya, texts.raya],
        [toSaro, texts.saro],
      ] as const) {
        if (random() < 0.3)
          for (let burst = random() * 20; burst > 0; burst -= 1) {
            const body = `${minute} ${burst}`;
            received.push(body);
            sent.push(await conversation.send(text(body)));
          }
        if (random() < 0.05) {
          received.push("file");
          sent.push(await conversation.send(filler(Math.floor(random() * 4_000_000))));
        }
      }
      if (random() < 0.1) saro.delivery.setHealth(random() < 0.5 ? "disconnected" : "connected");
      await clock.pass(60 * SECOND_MS);
    }
    saro.delivery.setHealth("connected");
    await clock.pass(12 * 6 * EPOCH_MS);
    const statuses = await Promise.all(sent.map((message) => message.status()));
    expect(new Set(statuses)).toEqual(new Set(["delivered"]));
    expect(raya.texts.slice(1).toSorted()).toEqual(texts.raya.toSorted());
    expect(saro.texts.slice(1).toSorted()).toEqual(texts.saro.toSorted());
    for (const person of [raya, saro]) {
      expect(errorsOf(person)).toEqual([]);
      expect(person.events.filter(({ type }) => type === "lost")).toEqual([]);
    }
  },
  60_000,
);

test("the outbox is bounded: what does not fit is refused, and fits when others have left", async () => {
  const clock = new VirtualClock();
  const network = new MemoryNetwork();
  const rateLimit = { messagesPerEpoch: 1, maxMessages: 5, maxBytes: 300_000 };
  const saro = await openPerson(new MeteredDelivery(network, clock), { clock, rateLimit });
  const raya = await openPerson(new MeteredDelivery(network, clock), { clock });
  const toRaya = await saro.client.accept(await raya.client.createInvite(), text("first"));
  // Until the clients have said to each other what they have to.
  for (let epoch = 0; epoch < 12; epoch += 1) await nextEpoch(clock);
  await toRaya.send(text("has left"));
  await clock.pass(SECOND_MS);
  for (let index = 0; index < 5; index += 1) await toRaya.send(text(`${index}`));
  await expect(toRaya.send(text("one too many"))).rejects.toMatchObject({ code: "OUTBOX_FULL", retryable: true });
  await nextEpoch(clock);
  await expect(toRaya.send(filler(400_000))).rejects.toMatchObject({ code: "OUTBOX_FULL" });
  await toRaya.send(text("fits now"));
  for (let epoch = 0; epoch < 12; epoch += 1) await nextEpoch(clock);
  expect(raya.texts).toEqual(["first", "has left", "0", "1", "2", "3", "4", "fits now"]);
  await saro.client.close();
  await raya.client.close();
  expect(saro.delivery.offences(1)).toEqual([]);
});

test("quota is told when its level, its epoch or its limit changes", async () => {
  await using chat = await pair();
  const { clock, saro, toRaya } = chat;
  const quotas = (events: readonly ChatEvent[]) =>
    events.flatMap((event) => (event.type === "quota" ? [event.quota] : []));
  const before = quotas(saro.events).length;
  await makeLow(chat);
  for (let index = 0; index < LOW_MARK; index += 1) await toRaya.send(text(`${index}`));
  await clock.pass(SECOND_MS);
  const { epoch } = saro.client.quota;
  await nextEpoch(clock);
  const news = quotas(saro.events).slice(before);
  expect(news.map((quota) => [quota.epoch, quota.level])).toEqual(
    [
      [epoch, "high"],
      [epoch, "low"],
      [epoch, "exhausted"],
      [epoch + 1, "high"],
    ].slice(news[0]?.level === "high" ? 0 : 1),
  );
  expect(saro.client.quota).toMatchObject({ epoch: epoch + 1, total: LIMIT });
});
