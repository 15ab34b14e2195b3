/**
 * What receivers are given in the vectors: segments that are lost, doubled, damaged, forged and late, from several
 * senders, within narrow bounds. Everything follows from a seed.
 * @module
 */
import { type ReassemblerOptions, Segmenter, type SegmenterOptions } from "../../src/index.ts";
import { segmentBytes } from "../proto-bytes.ts";
import { vectorPayload } from "./payload.ts";

export type Given =
  | { readonly nowMs: number; readonly message: Uint8Array; readonly sender?: string }
  | { readonly nowMs: number; readonly expire: true }
  | { readonly nowMs: number; readonly markComplete: string; readonly sender?: string };

export type AcceptingCase = {
  readonly name: string;
  readonly options: Omit<ReassemblerOptions, "clock" | "observer" | "random">;
  readonly given: readonly Given[];
};

const START_MS = 1_800_000_000_000;
const SIZE = 200;
const EMPTY: Uint8Array = new Uint8Array(0);
const HASH = new Uint8Array(32).fill(7);

export function acceptingCases(): AcceptingCase[] {
  return [
    { name: "in order", options: { maxMessageSize: SIZE }, given: inOrder(messagesOf(1_000, 1)) },
    {
      name: "parity in the place of data",
      options: { maxMessageSize: SIZE },
      given: inOrder(messagesOf(2_000, 2).slice(2)),
    },
    {
      name: "backwards, and each twice",
      options: { maxMessageSize: SIZE },
      given: inOrder(
        messagesOf(1_500, 3)
          .reverse()
          .flatMap((message) => [message, message]),
      ),
    },
    {
      name: "blind",
      options: { maxMessageSize: SIZE, blind: true },
      given: inOrder(messagesOf(900, 4, { blind: true, random: (length) => new Uint8Array(length).fill(0x5a) })),
    },
    { name: "unwrapped payloads", options: { maxMessageSize: SIZE, maxPayloadSize: 150 }, given: unwrapped() },
    { name: "odd bytes", options: { maxMessageSize: SIZE, wrap: "always" }, given: inOrder(oddBytes()) },
    { name: "single segments", options: { maxMessageSize: SIZE, wrap: "always" }, given: inOrder(singles()) },
    { name: "a clock that is set back", options: { maxMessageSize: SIZE, timeoutMs: 1_000 }, given: setBack() },
    { name: "marked as complete", options: { maxMessageSize: SIZE }, given: marked() },
    {
      name: "more than one receiver takes",
      options: { maxMessageSize: SIZE, maxTotalSegments: 8, maxPayloadSize: 1_000 },
      given: inOrder([...messagesOf(1_001, 5), ...messagesOf(1_000, 6), ...messagesOf(700, 7)]),
    },
    { name: "forged where the true one comes too", options: { maxMessageSize: SIZE }, given: forgedToo() },
    { name: "forged where the true one never comes", options: { maxMessageSize: SIZE }, given: forgedAlone() },
    { name: "five different ones of an index", options: { maxMessageSize: SIZE }, given: five() },
    ...[11, 12, 13, 14, 15, 16].map(turmoil),
  ];
}

/** Anything that a network and forgers can do, in a random order. */
function turmoil(seed: number): AcceptingCase {
  const random = numbers(seed);
  const options = {
    maxMessageSize: SIZE,
    timeoutMs: 5_000,
    maxSets: 3 + random(4),
    maxCompletedSets: 2 + random(3),
    maxBufferedBytes: 12_000 + random(12_000),
    maxPayloadSize: 4_000,
  };
  const senders = [undefined, "raya", "saro", "x".repeat(70)];
  const sources = Array.from({ length: 7 }, (_, index) => ({
    messages: messagesOf(300 + random(1_800), 100 * seed + index),
    sender: senders[random(senders.length)],
  }));
  const given: Given[] = [];
  let nowMs = START_MS;
  for (let step = 0; step < 110; step += 1) {
    nowMs += random(20) === 0 ? random(6_000) : random(400);
    if (random(25) === 0) nowMs -= random(3_000);
    const source = sources[random(sources.length)] ?? { messages: [], sender: undefined };
    const message = Uint8Array.from(source.messages[random(source.messages.length)] ?? []);
    const what = random(20);
    if (what === 0) given.push({ nowMs, expire: true });
    else {
      // Sometimes in the chunk, which makes it forged, sometimes in the head.
      if (what <= 3) message[message.length - 1 - random(100)] = random(256);
      if (what === 4) message[random(45)] = random(256);
      given.push({ nowMs, message, ...(source.sender !== undefined && { sender: source.sender }) });
    }
  }
  given.push({ nowMs: nowMs + 60_000, expire: true });
  return { name: `turmoil ${seed}`, options, given };
}

function unwrapped(): Given[] {
  const segment = messagesOf(1_000, 20)[0] ?? new Uint8Array(0);
  return inOrder([new Uint8Array(0), vectorPayload(150, 21), vectorPayload(151, 22), vectorPayload(201, 23), segment]);
}

/** Protobuf that is none, that says too little, or that says it in an unusual way. */
function oddBytes(): Uint8Array[] {
  const chunk = new Uint8Array(64).fill(1);
  const fields = { hash: HASH, length: 128, index: 0, dataCount: 2, chunk };
  const valid = segmentBytes(fields);
  return [
    new Uint8Array(0),
    new Uint8Array(20).fill(0xff),
    valid.subarray(0, valid.length - 1),
    Uint8Array.from([...valid, 0xff]),
    Uint8Array.from([...valid, 0x78, 1]), // a field that nobody knows
    Uint8Array.from([0x18, 1, ...valid]), // the index twice: the last one counts, which is none here
    Uint8Array.from([...valid, 0x18, 0x80, 0]), // the index once more, as a longer varint than it needs
    Uint8Array.from([...valid, 0x18, 1]), // the last one counts
    Uint8Array.from([...valid, 0x1d, 0, 0, 0, 0]), // the index with another wire type
    segmentBytes({ ...fields, hash: HASH.subarray(1) }),
    segmentBytes({ ...fields, index: 2 }),
    segmentBytes({ ...fields, dataCount: 0 }),
    segmentBytes({ ...fields, isParity: true }),
    segmentBytes({ ...fields, isParity: true, parityCount: 1 }),
    segmentBytes({ ...fields, isParity: true, parityCount: 3 }),
    segmentBytes({ ...fields, isParity: true, parityCount: 1, chunk: chunk.subarray(1) }),
    segmentBytes({ ...fields, length: 129 }),
    segmentBytes({ ...fields, length: 64 }),
    segmentBytes({ ...fields, length: 65 }),
    segmentBytes({ ...fields, index: 1, length: 65, chunk: chunk.subarray(1) }),
    segmentBytes({ ...fields, index: 1, length: 65, chunk: chunk.subarray(0, 1) }),
    segmentBytes({ ...fields, length: 2 ** 32 - 1, dataCount: 2 ** 26 }),
    segmentBytes({ ...fields, dataCount: 65_537, length: 65_536 * 64 + 1 }),
  ];
}

function singles(): Uint8Array[] {
  const empty = [...new Segmenter({ maxMessageSize: SIZE, wrap: "always" }).segment(new Uint8Array(0))];
  const short = [
    ...new Segmenter({ maxMessageSize: SIZE, wrap: "always", parity: { rate: 1 } }).segment(vectorPayload(70, 24)),
  ];
  const other = [
    ...new Segmenter({ maxMessageSize: SIZE, wrap: "always", parity: { rate: 1 } }).segment(vectorPayload(71, 25)),
  ];
  return [...empty, ...empty, ...short, ...other.slice(1)];
}

function setBack(): Given[] {
  const [first, second, third, ...rest] = messagesOf(600, 30);
  const other = messagesOf(600, 31);
  return [
    at(0, first),
    at(500, other[0]),
    at(-100_000, second),
    { nowMs: START_MS - 99_001, expire: true },
    { nowMs: START_MS - 99_000, expire: true },
    at(-98_000, third),
    ...rest.map((message) => at(-98_000, message)),
    { nowMs: START_MS, expire: true },
  ];
}

function marked(): Given[] {
  const messages = messagesOf(500, 32);
  const setId = new Segmenter({ maxMessageSize: SIZE }).segment(vectorPayload(500, 32)).setId ?? "";
  return [
    at(0, messages[0]),
    { nowMs: START_MS, markComplete: setId, sender: "raya" },
    at(1, messages[1]),
    { ...at(1, messages[1]), sender: "raya" },
    { nowMs: START_MS + 1, markComplete: setId },
    at(2, messages[2]),
    at(300_002, messages[2]),
  ];
}

function forgedToo(): Given[] {
  const messages = messagesOf(2_500, 40);
  return inOrder(messages.flatMap((message, index) => (index % 3 === 0 ? [forged(message, 1), message] : [message])));
}

function forgedAlone(): Given[] {
  const messages = messagesOf(4_000, 41);
  return inOrder(messages.map((message, index) => (index === 5 ? forged(message, 3) : message)));
}

function five(): Given[] {
  const [first = EMPTY, ...rest] = messagesOf(2_000, 42);
  return inOrder([...[1, 2, 3, 4, 5, 1].map((difference) => forged(first, difference)), first, ...rest]);
}

function forged(message: Uint8Array, difference: number): Uint8Array {
  const bytes = Uint8Array.from(message);
  bytes[bytes.length - 7] = (bytes.at(-7) ?? 0) ^ difference;
  return bytes;
}

function messagesOf(length: number, seed: number, options: Partial<SegmenterOptions> = {}): Uint8Array[] {
  return [...new Segmenter({ maxMessageSize: SIZE, ...options }).segment(vectorPayload(length, seed & 0xff))];
}

function inOrder(messages: readonly Uint8Array[]): Given[] {
  return messages.map((message, index) => at(10 * index, message));
}

function at(ms: number, message: Uint8Array = EMPTY): { nowMs: number; message: Uint8Array } {
  return { nowMs: START_MS + ms, message };
}

/** Integers from 0 to below `limit`, always the same ones for a seed. */
function numbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}
