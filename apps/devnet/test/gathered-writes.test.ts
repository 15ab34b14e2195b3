import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { gathered } from "../src/host/gathered-writes.ts";

const bytes = (length: number, value = 1) => new Uint8Array(length).fill(value);

async function lengthsOf(source: AsyncIterable<Uint8Array>): Promise<number[]> {
  const lengths: number[] = [];
  for await (const list of gathered(source)) lengths.push(list.byteLength);
  return lengths;
}

test("what is written in one turn of the event loop is one piece, and what comes later is another", async () => {
  async function* source() {
    yield bytes(3);
    await Promise.resolve();
    yield bytes(4);
    await new Promise((resolve) => setTimeout(resolve, 5));
    yield bytes(5);
  }
  expect(await lengthsOf(source())).toEqual([7, 5]);
});

test("a piece is about 64 KB at most, unless it was more before", async () => {
  async function* source() {
    for (let index = 0; index < 100; index += 1) yield bytes(10_000);
    yield bytes(200_000);
  }
  const lengths = await lengthsOf(source());
  expect(lengths.slice(0, 14)).toEqual(Array(14).fill(70_000));
  expect(lengths.slice(14)).toEqual([220_000]);
});

test("takes no more from the source than it hands on", async () => {
  let taken = 0;
  async function* source() {
    for (; taken < 1_000; taken += 1) yield bytes(50_000);
  }
  const pieces = gathered(source());
  await pieces.next();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(taken).toBeLessThan(5);
  await pieces.return(undefined);
});

test("all bytes arrive in order, whatever the timing, and then the source's error", async () => {
  const part = fc.record({ length: fc.integer({ min: 0, max: 90_000 }), wait: fc.integer({ min: 0, max: 2 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 8 }), fc.boolean(), async (parts, fails) => {
      const pause = [async () => {}, () => Promise.resolve(), () => new Promise(setImmediate)];
      async function* source() {
        for (const [index, { length, wait }] of parts.entries()) {
          await pause[wait]?.();
          yield bytes(length, index);
        }
        if (fails) throw new Error("reset");
      }
      const arrived: Buffer[] = [];
      const read = async () => {
        for await (const list of gathered(source())) arrived.push(Buffer.from(list.subarray()));
      };
      if (fails) await expect(read()).rejects.toThrow("reset");
      else await read();
      const sent = Buffer.concat(parts.map(({ length }, index) => bytes(length, index)));
      expect(Buffer.concat(arrived).equals(sent)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test("closes the source when nobody reads on", async () => {
  let closed = false;
  async function* source() {
    try {
      for (;;) {
        await new Promise(setImmediate);
        yield bytes(1);
      }
    } finally {
      closed = true;
    }
  }
  for await (const _ of gathered(source())) break;
  expect(closed).toBe(true);
});
