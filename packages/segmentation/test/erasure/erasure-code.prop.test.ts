import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { ErasureCode } from "../../src/erasure.ts";
import { BACKENDS } from "./backends.ts";
import { emptyShards } from "./leopard-vectors.ts";

const codes = BACKENDS.map((backend) => new ErasureCode({ backend }));

/** Counts of both fields, and of the codes that need none. */
const counts = fc
  .oneof(
    { weight: 6, arbitrary: fc.integer({ min: 1, max: 40 }) },
    { weight: 2, arbitrary: fc.integer({ min: 41, max: 260 }) },
    { weight: 1, arbitrary: fc.integer({ min: 261, max: 1_100 }) },
  )
  .chain((k) => fc.record({ k: fc.constant(k), m: fc.integer({ min: 1, max: Math.max(1, Math.ceil(k / 4)) }) }));
const shardSizes = fc.oneof(fc.integer({ min: 1, max: 10 }), fc.constantFrom(255, 257)).map((blocks) => blocks * 64);
const cases = fc
  .record({
    counts,
    shardSize: shardSizes,
    seed: fc.nat(),
    lastShort: fc.nat(),
    loss: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .filter(({ counts: { k, m }, shardSize }) => (k + m) * shardSize < 300_000);

test("any k of k + m shards give the data again, on every backend alike", () => {
  const recovery = fc.property(cases, ({ counts: { k, m }, shardSize, seed, lastShort, loss }) => {
    const random = generator(seed);
    const data = emptyShards(k, shardSize);
    // The last shard of a payload is short, and an application may have others.
    data[k - 1] = new Uint8Array(lastShort % (shardSize + 1));
    for (const shard of data) for (let index = 0; index < shard.length; index++) shard[index] = random(256);

    const parities = codes.map((code) => {
      const parity = Array.from({ length: m }, () => new Uint8Array(shardSize).fill(0xee));
      code.encode(data, parity, shardSize);
      return parity;
    });
    for (const parity of parities) expect(parity).toEqual(parities[0]);

    const places = shuffled(k + m, random).slice(0, Math.round(loss * m));
    const heldData = data.map((shard, index) => (places.includes(index) ? undefined : shard));
    const heldParity = (parities[0] ?? []).map((shard, index) => (places.includes(k + index) ? undefined : shard));
    const lost = data.filter((_, index) => places.includes(index));
    for (const code of codes) {
      const recovered = lost.map((shard) => new Uint8Array(shard.length).fill(0xee));
      code.decode(heldData, heldParity, recovered, shardSize);
      expect(recovered).toEqual(lost);
    }
  });
  fc.assert(recovery, { numRuns: 120 });
});

test.each(BACKENDS)("%s: every loss that can be recovered is, for all small codes", (backend) => {
  const code = new ErasureCode({ backend });
  const random = generator(7);
  for (let k = 1; k <= 6; k++) {
    for (let m = 1; m <= Math.min(k, 5); m++) {
      const data = emptyShards(k, 64);
      for (const shard of data) for (let index = 0; index < 64; index++) shard[index] = random(256);
      const parity = emptyShards(m, 64);
      code.encode(data, parity, 64);
      for (let pattern = 0; pattern < 2 ** (k + m); pattern++) {
        const isLost = (place: number) => ((pattern >> place) & 1) === 1;
        const lost = data.filter((_, index) => isLost(index));
        const heldParity = parity.map((shard, index) => (isLost(k + index) ? undefined : shard));
        if (heldParity.filter((shard) => shard !== undefined).length < lost.length) continue;
        const recovered = emptyShards(lost.length, 64);
        const heldData = data.map((shard, index) => (isLost(index) ? undefined : shard));
        code.decode(heldData, heldParity, recovered, 64);
        expect({ k, m, pattern, recovered }).toEqual({ k, m, pattern, recovered: lost });
      }
    }
  }
});

/** Numbers below `limit`, the same for each seed (mulberry32). */
function generator(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

function shuffled(count: number, random: (limit: number) => number): number[] {
  const all = Array.from({ length: count }, (_, index) => index);
  for (let index = count - 1; index > 0; index--) {
    const other = random(index + 1);
    [all[index], all[other]] = [all[other] ?? 0, all[index] ?? 0];
  }
  return all;
}
