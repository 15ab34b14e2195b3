/** SEG-R2 and SEG-P1: how many parity segments there are, what they can replace, what they cost. */
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Parity, Reassembler, SEGMENT_OVERHEAD, SegmentationError, Segmenter } from "../src/index.ts";
import { codeExists, parityCountFor } from "../src/parity.ts";
import { payloadOf } from "./payloads.ts";

/** Chunks of 64 bytes. */
const OPTIONS = { maxMessageSize: SEGMENT_OVERHEAD + 64, wrap: "always" } as const;
const LARGEST_TESTED = 1_200;

/** So many segments are enough: 87.5 % of them, rounded up. */
function sevenEighthsOf(total: number): number {
  return Math.ceil(0.875 * total);
}

/** A payload of `count` chunks of which the last is `lastLength` long, with its messages. */
function sent(count: number, lastLength = 64, parity: Parity = "seven-eighths") {
  const payload = payloadOf((count - 1) * 64 + lastLength);
  return { payload, messages: [...new Segmenter({ ...OPTIONS, parity }).segment(payload)] };
}

function received(messages: readonly Uint8Array[]) {
  const reassembler = new Reassembler(OPTIONS);
  const results = messages.map((bytes) => reassembler.accept(bytes, { nowMs: 0 }));
  return results.find(({ kind }) => kind === "complete");
}

describe("the count", () => {
  test("is the fewest for which any 87.5 % suffice, for every number of data segments up to 57,344", () => {
    for (let dataCount = 1; dataCount <= 57_344; dataCount += 1) {
      const parityCount = parityCountFor(dataCount, "seven-eighths");
      const suffices = (count: number) => sevenEighthsOf(dataCount + count) >= dataCount;
      if (!suffices(parityCount) || (parityCount > 0 && suffices(parityCount - 1))) {
        throw new RangeError(`${dataCount} data segments: ${parityCount} parity segments are not the fewest`);
      }
      if (parityCount > 0.125 * (dataCount + parityCount)) throw new RangeError(`${dataCount}: over 12.5 %`);
      if (parityCount > 0) expect(codeExists(dataCount, parityCount)).toBe(true);
    }
  });

  test.each([
    [1, 0.125, 1],
    [8, 0.125, 1],
    [9, 0.125, 2],
    [100, 0.125, 13],
    [7, 1, 7],
  ])("with a rate, %i data segments at %f have %i", (dataCount, rate, parityCount) => {
    expect(parityCountFor(dataCount, { rate })).toBe(parityCount);
  });

  test.each([0, -1, 1.01, Number.NaN, Number.POSITIVE_INFINITY])("a rate of %d is an error", (rate) => {
    const create = () => new Segmenter({ maxMessageSize: 200, parity: { rate } });
    expect(create).toThrow(SegmentationError);
    expect(create).toThrow(expect.objectContaining({ code: "INVALID_OPTION" }));
  });

  test("a number of segments for which there is no code is refused at the call", () => {
    const segmenter = new Segmenter({ ...OPTIONS, parity: { rate: 0.01 } });
    expect(() => segmenter.segment(new Uint8Array(64 * 64_800))).toThrow(
      expect.objectContaining({ code: "TOO_MANY_SEGMENTS" }),
    );
  });
});

describe("SEG-R2: any 87.5 % of the segments suffice", () => {
  test.each([1, 7, 8, 9, 14, 15, 16, 21, 22])("of %i data segments, whichever are lost", (dataCount) => {
    for (const lastLength of [1, 64]) {
      const { payload, messages } = sent(dataCount, lastLength);
      const lost = messages.length - sevenEighthsOf(messages.length);
      for (const pattern of subsets(messages.length, lost)) {
        const arrived = messages.filter((_, index) => !pattern.includes(index));
        expect(received(arrived)).toMatchObject({ kind: "complete", payload });
      }
    }
  });

  test("and one less is not enough", () => {
    const { messages } = sent(29, 5);
    expect(messages).toHaveLength(33);
    for (const pattern of [
      [0, 1, 2, 3, 4],
      [28, 29, 30, 31, 32],
      [0, 8, 16, 24, 32],
    ]) {
      expect(received(messages.filter((_, index) => !pattern.includes(index)))).toBeUndefined();
    }
  });

  test(`of every number of data segments up to ${LARGEST_TESTED}, with losses at random`, () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat(2 ** 31 - 1)), fc.integer({ min: 1, max: 64 }), (random, lastLength) => {
        for (let dataCount = 1; dataCount <= LARGEST_TESTED; dataCount += 1) {
          const { payload, messages } = sent(dataCount, lastLength);
          const arrived = shuffled(messages, random).slice(0, sevenEighthsOf(messages.length));
          const complete = received(arrived);
          if (complete?.kind !== "complete") throw new RangeError(`${dataCount} data segments: not whole`);
          if (!Buffer.from(complete.payload).equals(payload)) throw new RangeError(`${dataCount}: not equal`);
        }
      }),
      { numRuns: 1 },
    );
  }, 60_000);

  test("the last data segment may be the short one, and may be among the lost", () => {
    const { payload, messages } = sent(24, 3);
    expect(received(messages.filter((_, index) => ![0, 22, 23].includes(index)))).toMatchObject({ payload });
  });

  test("with a rate of 1, half of the segments suffice", () => {
    const { payload, messages } = sent(9, 10, { rate: 1 });
    expect(messages).toHaveLength(18);
    expect(received(messages.slice(9))).toMatchObject({ payload });
    expect(received(messages.filter((_, index) => index % 2 === 1))).toMatchObject({ payload });
  });

  test("one data segment with one of parity: either is enough, also of an empty payload", () => {
    for (const lastLength of [0, 1, 64]) {
      const { payload, messages } = sent(1, lastLength, { rate: 0.125 });
      expect(messages).toHaveLength(2);
      for (const message of messages) expect(received([message])).toMatchObject({ kind: "complete", payload });
    }
  });
});

test("SEG-P1: parity is at most 12.5 % of what is sent, and the rest at most 100 bytes per segment", () => {
  for (let dataCount = 1; dataCount <= LARGEST_TESTED; dataCount += 1) {
    // The shorter the last data segment, the larger the share of parity.
    for (const lastLength of dataCount % 20 === 0 ? [1, 64] : [1]) {
      const { payload, messages } = sent(dataCount, lastLength);
      const bytes = messages.reduce((sum, { length }) => sum + length, 0);
      const parityBytes = (messages.length - dataCount) * 64;
      const headers = bytes - payload.length - parityBytes;
      const largest = messages.reduce((most, { length }) => Math.max(most, length), 0);
      expect(parityBytes).toBeLessThanOrEqual(0.125 * bytes);
      expect(headers).toBeLessThanOrEqual(100 * messages.length);
      expect(largest).toBeLessThanOrEqual(OPTIONS.maxMessageSize);
    }
  }
});

/** All choices of `size` indexes below `count`. */
function* subsets(count: number, size: number, from = 0): Generator<number[]> {
  if (size === 0) return yield [];
  for (let first = from; first <= count - size; first += 1) {
    for (const rest of subsets(count, size - 1, first + 1)) yield [first, ...rest];
  }
}

function shuffled<Item>(items: readonly Item[], random: Iterator<number>): Item[] {
  const result = [...items];
  for (let index = result.length - 1; index > 0; index -= 1) {
    const other = Number(random.next().value) % (index + 1);
    [result[index], result[other]] = [result[other] as Item, result[index] as Item];
  }
  return result;
}
