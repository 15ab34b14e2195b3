/** The sizes in the README, measured. A text of 100 bytes and an acknowledgement, in a conversation under way. */
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import {
  acknowledge,
  BloomFilter,
  openChannel,
  type Participant,
  parse,
  receive,
  type Side,
  send,
} from "../src/index.ts";
import { utf8 } from "./bytes.ts";
import { Incumbent } from "./incumbent.ts";
import { NO_JITTER } from "./seeded.ts";

const NOW_MS = 1_795_000_000_000;
const TEXT = "x".repeat(100);

beforeEach(() => {
  jest.useFakeTimers({ now: NOW_MS, doNotFake: ["queueMicrotask", "nextTick", "setImmediate"] });
});
afterEach(() => {
  jest.useRealTimers();
});

/** After two texts each way: one more, and what acknowledges it. */
function oursIn([alice, bob]: readonly [Side | Participant, Side | Participant], bloomFilter?: Uint8Array) {
  const states = [openChannel(alice), openChannel(bob)];
  const form = typeof alice === "string" ? "compact" : "full";
  const log = new Map<string, string>();
  const options = {
    nowMs: NOW_MS,
    random: NO_JITTER,
    about: (id: string) => ({ sender: log.get(id) ?? "" }),
    ...(bloomFilter && { bloomFilter }),
  };
  const turn = (from: number, text: string): number => {
    const [sender, receiver] = [states[from], states[1 - from]];
    if (sender === undefined || receiver === undefined) throw new RangeError("nobody there");
    const sent = send(sender, utf8(text), options);
    const message = parse(sent.bytes, { form });
    if (message === undefined) throw new RangeError("not an SDS message");
    states[from] = sent.state;
    states[1 - from] = receive(receiver, message, { nowMs: NOW_MS, isKnown: (id) => log.has(id) }).state;
    log.set(sent.messageId, sender.participantId);
    return sent.bytes.length;
  };
  turn(0, "1");
  turn(0, "2");
  turn(1, "3");
  turn(1, "4");
  const text = turn(0, TEXT);
  const bobs = states[1];
  if (bobs === undefined) throw new RangeError("nobody there");
  return { text, acknowledgement: acknowledge(bobs, options)?.bytes.length };
}

const PEOPLE = [
  { channelId: "channel", participantId: "alice" },
  { channelId: "channel", participantId: "bob" },
] as const;

test("the compact form", () => {
  expect(oursIn(["I", "R"])).toEqual({ text: 221, acknowledgement: 46 });
});

test("the full form", () => {
  expect(oursIn(PEOPLE)).toEqual({ text: 285, acknowledgement: 98 });
});

test.each([
  [{ capacity: 200, errorRate: 0.01 }, 256],
  [{ capacity: 1_000, errorRate: 0.01 }, 1_256],
  [{ capacity: 10_000, errorRate: 0.001 }, 18_752],
])("a Bloom filter for %j", (options, byteLength) => {
  const filter = new BloomFilter(options).toBytes();
  expect(filter).toHaveLength(byteLength);
  const framing = byteLength < 16_384 ? 3 : 4;
  expect(oursIn(PEOPLE, filter).text).toBe(oursIn(PEOPLE).text + byteLength + framing);
});

test("@waku/sds at the same point, and in a long conversation", async () => {
  const [alice, bob] = [new Incumbent("channel", "alice"), new Incumbent("channel", "bob")];
  await bob.receive(await alice.send("1"));
  await bob.receive(await alice.send("2"));
  await alice.receive(await bob.send("3"));
  await alice.receive(await bob.send("4"));
  const text = await alice.send(TEXT);
  await bob.receive(text);
  expect(text).toHaveLength(19_244);
  const sync = await bob.sync(); // under a random name, which may be a little longer or shorter
  expect(sync?.length).toBeGreaterThan(19_150);
  expect(sync?.length).toBeLessThan(19_175);
  for (let index = 0; index < 200; index += 1) await alice.send(`more ${index}`);
  expect(await alice.send(`${TEXT}.`)).toHaveLength(33_949);
});
