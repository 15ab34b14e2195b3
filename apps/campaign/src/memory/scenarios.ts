/**
 * Ways to make a receiver hold memory. Each is an endless stream of messages, from ever new senders.
 * @module
 */
import { keccak256 } from "@chat/segmentation/keccak";
import type { Header, WireWriter } from "../fuzz/wire-writer.ts";
import type { Random } from "../random.ts";

/** Writes the next message into the writer, which it finds empty, and tells who sends it. */
export type NextMessage = (writer: WireWriter) => string;

export type Scenario = {
  readonly name: string;
  /** So much less of the input than others, where it costs the receiver more time than memory. @default 1 */
  readonly weight?: number;
  begin(random: Random): NextMessage;
};

const MIB = 2 ** 20;
const MAX_NAME_LENGTH = 4_000;

export const SCENARIOS: readonly Scenario[] = [
  // The least that honest segments carry, in sets that are as large as the bound allows.
  { name: "fragments", begin: (random) => sets(random, () => setOf(random, { dataCount: 45_000, chunkSize: 64 })) },
  // What one allocation costs beside its bytes is worst just above what engines keep inside of the object.
  { name: "small chunks", begin: (random) => sets(random, () => setOf(random, { dataCount: 2_000, chunkSize: 65 })) },
  { name: "single bytes", begin: (random) => sets(random, () => setOf(random, { dataCount: 2_000, chunkSize: 1 })) },
  { name: "large chunks", begin: (random) => sets(random, () => setOf(random, { dataCount: 20, chunkSize: 100_032 })) },
  {
    name: "one of each set",
    begin: (random) =>
      sets(random, () => ({ ...setOf(random, { dataCount: 2, chunkSize: random.between(1, 200) }), leftAt: 1 })),
  },
  {
    name: "half of each set",
    begin: (random) =>
      sets(random, () => {
        const dataCount = random.between(2, 300);
        const chunkSize = 64 * random.spread(1, 60);
        return { ...setOf(random, { dataCount, chunkSize, parityCount: dataCount >> 1 }), leftAt: dataCount >> 1 };
      }),
  },
  {
    name: "parity only",
    begin: (random) =>
      sets(random, () => {
        const dataCount = random.between(1, 400);
        const set = setOf(random, { dataCount, chunkSize: 64 * random.between(1, 8), parityCount: dataCount });
        return { ...set, positions: set.positions.filter(({ isParity }) => isParity) };
      }),
  },
  // Every second index, so that what is missing has as many ranges as possible.
  {
    name: "holes",
    begin: (random) =>
      sets(random, () => {
        const set = setOf(random, { dataCount: 8_000, chunkSize: 64, parityCount: 4_000 });
        return { ...set, positions: set.positions.filter(({ index }) => index % 2 === 0) };
      }),
  },
  {
    name: "alternatives",
    weight: 0.25,
    begin: (random) => sets(random, () => withAlternatives(random, random.between(2, 500))),
  },
  // As many as it takes to try them, again and again.
  {
    name: "tried in vain",
    weight: 0.25,
    begin: (random) =>
      sets(random, () => {
        const dataCount = random.between(2, 40);
        const parityCount = random.between(1, dataCount);
        const set = setOf(random, { dataCount, chunkSize: 64 * random.between(1, 40), parityCount });
        return { ...set, positions: random.shuffle([...set.positions, ...set.positions]) };
      }),
  },
  { name: "complete", begin: (random) => completeSets(random) },
  // The whole payload is reserved when a part of it is there.
  {
    name: "reserved",
    begin: (random) =>
      sets(random, () => {
        const dataCount = random.between(20, 200);
        const set = setOf(random, { dataCount, chunkSize: 64 * random.between(900, 1_500) });
        return { ...set, leftAt: Math.ceil(dataCount / 4) + 1 };
      }),
  },
  {
    name: "large claims",
    begin: (random) =>
      sets(random, () => {
        // The last chunk alone says nothing of the size of the others.
        const chunkSize = random.pick([MIB, 8 * MIB, 50 * MIB, 2 ** 31]);
        const set = setOf(random, { dataCount: 2, chunkSize });
        return { ...set, positions: [{ index: 1, isParity: false }] };
      }),
  },
  // Of one byte and of two bytes for each character.
  { name: "long names", begin: (random) => longNames(random, "latin1", 1) },
  { name: "long wide names", begin: (random) => longNames(random, "utf16le", 2) },
  {
    name: "garbage",
    begin: (random) => (writer) => {
      writer.raw(random.bytes(random.spread(0, 2_000)));
      return newName(random);
    },
  },
];

type Position = { readonly index: number; readonly isParity: boolean };

type HostileSet = {
  readonly header: Header;
  readonly chunkSize: number;
  readonly positions: readonly Position[];
  /** So many are sent, then the next set begins. */
  readonly leftAt: number;
};

function setOf(
  random: Random,
  { dataCount, chunkSize, parityCount = 0 }: { dataCount: number; chunkSize: number; parityCount?: number },
): HostileSet {
  const length = Math.min(2 ** 32 - 1, (dataCount - 1) * chunkSize + random.between(1, Math.min(chunkSize, 64)));
  const header = { hash: random.bytes(32), length, index: 0, dataCount, parityCount, isParity: false };
  const positions = [
    ...Array.from({ length: dataCount }, (_, index) => ({ index, isParity: false })),
    ...Array.from({ length: parityCount }, (_, index) => ({ index, isParity: true })),
  ];
  return { header, chunkSize, positions, leftAt: Number.POSITIVE_INFINITY };
}

/** One set after the other, each by a new sender. */
function sets(random: Random, next: () => HostileSet, nameOf = () => newName(random)): NextMessage {
  let set = next();
  let sender = nameOf();
  let sent = 0;
  return (writer) => {
    if (sent >= Math.min(set.positions.length, set.leftAt)) {
      set = next();
      sender = nameOf();
      sent = 0;
    }
    const { header, chunkSize, positions } = set;
    const { index, isParity } = positions[sent] ?? { index: 0, isParity: false };
    sent += 1;
    const isLast = !isParity && index === header.dataCount - 1;
    const length = isLast ? header.length - (header.dataCount - 1) * chunkSize : chunkSize;
    writer.segment({ ...header, index, isParity }, random.bytes(length));
    return sender;
  };
}

/** Alternatives first, as many as there may be, then whatever else the set takes. */
function withAlternatives(random: Random, dataCount: number): HostileSet {
  const set = setOf(random, { dataCount, chunkSize: 64 * random.between(1, 20), parityCount: dataCount >> 3 });
  const contested = set.positions.slice(0, random.between(1, set.positions.length));
  return {
    ...set,
    positions: [...contested, ...contested, ...contested, ...contested, ...contested, ...set.positions],
  };
}

/** Small sets that become whole, which are remembered for a while. */
function completeSets(random: Random, nameOf = () => newName(random)): NextMessage {
  let chunks: Uint8Array[] = [];
  let header: Header | undefined;
  let sender = "";
  return (writer) => {
    if (header === undefined || chunks.length === 0) {
      chunks = Array.from({ length: random.between(1, 3) }, () => random.bytes(64));
      const payload = Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
      const dataCount = chunks.length;
      header = {
        hash: keccak256(payload),
        length: payload.length,
        index: 0,
        dataCount,
        parityCount: 0,
        isParity: false,
      };
      sender = nameOf();
    }
    const index = header.dataCount - chunks.length;
    writer.segment({ ...header, index }, chunks.shift() ?? new Uint8Array(0));
    return sender;
  };
}

/** Sets of few bytes by senders whose names are longer than that; some of them become whole. */
function longNames(random: Random, encoding: "latin1" | "utf16le", bytesEach: number): NextMessage {
  // Decoded, as names that come from outside are: what is put together of parts may share their memory.
  const name = () => Buffer.from(random.bytes(random.between(1_000, MAX_NAME_LENGTH) * bytesEach)).toString(encoding);
  const incomplete = sets(random, () => ({ ...setOf(random, { dataCount: 2, chunkSize: 64 }), leftAt: 1 }), name);
  const complete = completeSets(random, name);
  return (writer) => (random.chance(0.5) ? incomplete(writer) : complete(writer));
}

/** Nobody had it before. */
function newName(random: Random): string {
  return random.word().toString(36) + random.word().toString(36);
}
