/**
 * Makes a hostile message out of honest ones. Each writes into the writer, which it finds empty.
 * @module
 */
import type { Random } from "../random.ts";
import type { ReadSegment } from "./reference-reader.ts";
import type { Header, WireWriter } from "./wire-writer.ts";

export type Material = {
  readonly random: Random;
  readonly writer: WireWriter;
  /** Messages of honest sets, those that are under way included; at least one. */
  readonly messages: readonly Uint8Array[];
  /** The same, read; at least one. */
  readonly segments: readonly ReadSegment[];
  /** Sets that the hostile one makes up, and goes on with. */
  readonly inventions: Invention[];
  /** The largest message that is taken. */
  readonly maxMessageSize: number;
};

/** Headers that agree, for chunks of one size. */
export type Invention = { readonly header: Header; readonly chunkSize: number };

export type Mutation = (material: Material) => void;

/** By the name under which they are counted. */
export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  fields: mutateFields,
  records: mutateRecords,
  damage: damageMessage,
  splice: spliceMessages,
  disagree: disagreeInOneField,
  replay: ({ random, writer, messages }) => writer.raw(random.pick(messages)),
  forge: forgeChunk,
  invent: continueInvention,
  garbage: ({ random, writer, maxMessageSize }) =>
    writer.raw(random.bytes(random.spread(0, Math.min(maxMessageSize + 8, MAX_GARBAGE)))),
};

/** Bytes; more of it is not worse. */
const MAX_GARBAGE = 4_000;

/** Every length of encoding, every border of 32 and 64 bits, and what no encoder writes. */
const VARINTS = [
  [0],
  [1],
  [2],
  [0x7f],
  [0x80, 0x01],
  [0xff, 0xff, 0x03], // 65,535
  [0x80, 0x80, 0x04], // 65,536
  [0xff, 0xff, 0xff, 0xff, 0x07], // 2^31 - 1
  [0x80, 0x80, 0x80, 0x80, 0x08], // 2^31
  [0xff, 0xff, 0xff, 0xff, 0x0f], // 2^32 - 1
  [0x80, 0x80, 0x80, 0x80, 0x10], // 2^32
  [0x81, 0x80, 0x80, 0x80, 0x10], // 2^32 + 1
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10], // 2^53
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], // 2^63 - 1
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], // -1
  [0x80, 0x80, 0x80, 0x80, 0xf8, 0xff, 0xff, 0xff, 0xff, 0x01], // -2^31
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01], // -2^63
  [0x80, 0x00], // 0, longer than needed
  [0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00], // 1, longer than needed
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], // more than 64 bits
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], // 11 bytes
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], // no end
].map((bytes) => Uint8Array.from(bytes));

/** Numbers around what the fields are checked against. */
const NUMBERS = [
  0,
  1,
  2,
  3,
  63,
  64,
  65,
  127,
  128,
  255,
  256,
  257,
  1_000,
  32_768,
  65_535,
  65_536,
  65_537,
  2 ** 20,
] as const;
const HUGE = [100 * 2 ** 20, 100 * 2 ** 20 + 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 33, 2 ** 32 - 1] as const;

const HASH_LENGTHS = [0, 1, 31, 33, 64, 300] as const;

/** Right records with wrong values: one to three of the fields at their extremes. */
function mutateFields({ random, writer, segments }: Material): void {
  const { hash, length, index, dataCount, parityCount, isParity, chunk } = random.pick(segments);
  const hit = new Set([random.between(1, 7)]);
  while (random.chance(0.4)) hit.add(random.between(1, 7));
  const bytesField = (field: number, honest: Uint8Array, lengths: readonly number[]) => {
    if (!hit.has(field)) return writer.bytesField(field, honest);
    if (random.chance(0.5)) return writer.bytesField(field, random.bytes(random.pick(lengths)));
    // A length that lies, by little or by much.
    writer.tag(field, 2);
    if (random.chance(0.5)) writer.raw(random.pick(VARINTS));
    else writer.varint(Math.max(0, honest.length + random.between(-3, 3)));
    return writer.raw(honest);
  };
  const varintField = (field: number, honest: number) => {
    if (!hit.has(field)) return writer.varintField(field, honest);
    const kind = random.below(4);
    writer.tag(field, 0);
    if (kind === 0) return writer.raw(random.pick(VARINTS));
    if (kind === 1) return writer.varint(random.pick(NUMBERS));
    if (kind === 2) return writer.varint(random.pick(HUGE));
    return writer.varint(Math.max(0, honest + random.between(-2, 2)));
  };
  bytesField(1, hash, HASH_LENGTHS);
  varintField(2, length);
  varintField(3, index);
  varintField(4, dataCount);
  varintField(5, parityCount);
  varintField(6, isParity ? 1 : 0);
  bytesField(7, chunk, [0, 1, 63, 64, 65, 128, chunk.length + 1, chunk.length + 64, Math.max(0, chunk.length - 1)]);
}

/** Wrong records: in another order, twice, left out, unknown, of another wire type, in groups, cut off. */
function mutateRecords({ random, writer, segments }: Material): void {
  const segment = random.pick(segments);
  const { hash, length, index, dataCount, parityCount, isParity, chunk } = segment;
  const records: (() => void)[] = [
    () => writer.bytesField(1, hash),
    () => writer.varintField(2, length),
    () => writer.varintField(3, index),
    () => writer.varintField(4, dataCount),
    () => writer.varintField(5, parityCount),
    () => writer.varintField(6, isParity ? 1 : 0),
    () => writer.bytesField(7, chunk),
  ];
  const somewhere = (record: () => void) => records.splice(random.below(records.length + 1), 0, record);
  do {
    const kind = random.below(7);
    if (kind === 0) random.shuffle(records);
    else if (kind === 1) records.splice(random.below(records.length), 1);
    else if (kind === 2) somewhere(records[random.below(records.length)] ?? (() => {}));
    else if (kind === 3) somewhere(() => writer.tag(random.between(2, 6), 0).varint(random.pick(NUMBERS)));
    else if (kind === 4)
      somewhere(() => writeRecord(random, writer, random.pick([0, 8, 15, 16, 19_000, 2 ** 29 - 1, 2 ** 29])));
    else if (kind === 5) somewhere(() => writeRecord(random, writer, random.between(1, 7)));
    else somewhere(() => writeGroups(random, writer));
  } while (random.chance(0.5));
  for (const record of records) record();
  if (random.chance(0.2)) writer.cut(random.below(writer.length + 1));
}

/** Of any wire type, those that do not exist included. */
function writeRecord(random: Random, writer: WireWriter, field: number): void {
  const wireType = random.below(8);
  writer.tag(field, wireType);
  if (wireType === 0) writer.raw(random.pick(VARINTS));
  else if (wireType === 1) writer.raw(random.bytes(8));
  else if (wireType === 5) writer.raw(random.bytes(4));
  else if (wireType === 2) {
    const length = random.spread(0, 40);
    writer.varint(random.chance(0.8) ? length : random.pick(HUGE)).raw(random.bytes(length));
  }
}

/** Nested, sometimes deeper than any decoder follows, sometimes never closed. */
function writeGroups(random: Random, writer: WireWriter): void {
  const field = random.between(8, 20);
  const depth = random.spread(1, 400);
  for (let level = 0; level < depth; level += 1) writer.tag(field, 3);
  if (random.chance(0.3)) writeRecord(random, writer, field);
  const ends = random.chance(0.7) ? depth : random.below(depth + 2);
  for (let level = 0; level < ends; level += 1) writer.tag(random.chance(0.99) ? field : field + 1, 4);
}

function damageMessage({ random, writer, messages }: Material): void {
  writer.raw(random.pick(messages)).damage(random, random.spread(1, 12));
  if (random.chance(0.15)) writer.cut(random.below(writer.length + 1));
}

/** The beginning of one message and the end of another one, or one in the other. */
function spliceMessages({ random, writer, messages, maxMessageSize }: Material): void {
  const [first, second] = [random.pick(messages), random.pick(messages)];
  const [firstCut, secondCut] = [random.below(first.length + 1), random.below(second.length + 1)];
  writer.raw(first.subarray(0, firstCut)).raw(second.subarray(secondCut));
  if (random.chance(0.2)) writer.raw(first.subarray(firstCut));
  if (random.chance(0.8)) writer.cut(maxMessageSize);
}

/** A set of its own that shares all but one field with an honest one: it may look right, and must not mix with it. */
function disagreeInOneField({ random, writer, segments }: Material): void {
  const segment = random.pick(segments);
  const { length, index, dataCount, parityCount } = segment;
  const by = random.pick([-1, 1, random.between(-70, 70)]);
  const changes: readonly Partial<Header>[] = [
    { hash: withBitFlipped(segment.hash, random) },
    { length: Math.max(0, length + by) },
    { index: Math.max(0, index + by) },
    { dataCount: Math.max(0, dataCount + by) },
    { parityCount: Math.max(0, parityCount + by) },
    { parityCount: random.pick([0, 1, dataCount, dataCount + 1]) },
    { isParity: !segment.isParity },
  ];
  writer.segment({ ...segment, ...random.pick(changes) }, segment.chunk);
}

/** The header of an honest segment, other bytes. */
function forgeChunk({ random, writer, segments }: Material): void {
  const segment = random.pick(segments);
  const forged = new Uint8Array(segment.chunk);
  if (forged.length > 0) {
    const at = random.below(forged.length);
    if (random.chance(0.5)) forged[at] = (forged[at] ?? 0) ^ random.between(1, 255);
    else forged.set(random.bytes(forged.length));
  }
  writer.segment(segment, forged);
}

/** Sets that agree with themselves, and grow until they are tried: small ones, huge ones, ones of parity only. */
function continueInvention(material: Material): void {
  const { random, writer, inventions } = material;
  if (inventions.length === 0 || random.chance(0.1)) {
    const invention = invent(material);
    if (inventions.length < 8) inventions.push(invention);
    else inventions[random.below(8)] = invention;
  }
  const { header, chunkSize } = random.pick(inventions);
  const { dataCount, parityCount, length } = header;
  const isParity = parityCount > 0 && random.chance(0.4);
  const index = random.below(isParity ? parityCount : dataCount);
  const isLast = !isParity && index === dataCount - 1;
  const chunkLength = isLast ? length - (dataCount - 1) * chunkSize : chunkSize;
  writer.segment({ ...header, index, isParity }, random.bytes(Math.min(chunkLength, material.maxMessageSize + 64)));
}

function invent({ random, segments, maxMessageSize }: Material): Invention {
  const room = Math.max(1, Math.floor((Math.min(maxMessageSize, 2_000) - 59) / 64));
  const chunkSize = random.chance(0.8) ? 64 * random.between(1, room) : random.between(1, 64 * room);
  const dataCount = random.chance(0.8) ? random.between(1, 12) : random.pick([200, 1_000, 32_768, 65_535, 65_536]);
  const parityCount = random.pick([0, 0, 1, Math.ceil(dataCount / 8), dataCount]);
  const last = random.between(1, chunkSize);
  const hash = random.chance(0.5) ? random.bytes(32) : random.pick(segments).hash;
  const header = {
    hash,
    length: (dataCount - 1) * chunkSize + last,
    index: 0,
    dataCount,
    parityCount,
    isParity: false,
  };
  return { header, chunkSize };
}

function withBitFlipped(bytes: Uint8Array, random: Random): Uint8Array {
  const flipped = new Uint8Array(bytes);
  const at = random.below(bytes.length);
  flipped[at] = (flipped[at] ?? 0) ^ (1 << random.below(8));
  return flipped;
}
