import { describe, expect, test } from "@jest/globals";
import { type ErasureBackend, ErasureCode, SegmentationError } from "../../src/erasure.ts";
import { BACKENDS } from "./backends.ts";
import { emptyShards, vectorShards } from "./leopard-vectors.ts";

describe.each(BACKENDS)("%s", (backend) => {
  const code = new ErasureCode({ backend });

  // Few lost, more, and many are recovered in different ways; more than 32 at one time take several steps.
  test.each([
    { k: 112, m: 16, losses: [1, 2, 4, 8, 15, 16] },
    { k: 128, m: 64, losses: [1, 5, 33, 45, 64] },
    { k: 1_000, m: 142, losses: [1, 6, 40, 90, 142] },
    { k: 300, m: 3, losses: [1, 2, 3] },
  ])("recovers any number of $k + $m shards", ({ k, m, losses }) => {
    const bytes = 128;
    const data = vectorShards({ k, m, bytes });
    const parity = emptyShards(m, bytes);
    code.encode(data, parity, bytes);
    for (const count of losses) {
      // Spread over all data; of the parity the last ones are there.
      const lostPlaces = new Set(Array.from({ length: count }, (_, index) => Math.floor((index * k) / count)));
      const recovered = emptyShards(count, bytes);
      code.decode(
        data.map((shard, index) => (lostPlaces.has(index) ? undefined : shard)),
        parity.map((shard, index) => (index < m - count ? undefined : shard)),
        recovered,
        bytes,
      );
      expect(recovered).toEqual(data.filter((_, index) => lostPlaces.has(index)));
    }
  });

  test.each([
    { k: 1, m: 1 },
    { k: 5, m: 1 },
    { k: 20, m: 3 },
    { k: 300, m: 4 },
  ])("shards of $k + $m that end early count as if zeros followed", ({ k, m }) => {
    const bytes = 192;
    const whole = vectorShards({ k, m, bytes });
    const short = whole.map((shard, index) => shard.subarray(0, (index * 37) % 190));
    const padded = short.map((shard) => paddedTo(bytes, shard));
    const parity = Array.from({ length: m }, () => new Uint8Array(bytes).fill(9));
    const parityOfPadded = emptyShards(m, bytes);
    code.encode(short, parity, bytes);
    code.encode(padded, parityOfPadded, bytes);
    expect(parity).toEqual(parityOfPadded);
  });

  test.each([
    { k: 1, m: 1 },
    { k: 5, m: 1 },
    { k: 20, m: 3 },
    { k: 128, m: 64 },
    { k: 300, m: 4 },
  ])("of a lost shard of $k + $m only what there is room for is written", ({ k, m }) => {
    const bytes = 192;
    const data = vectorShards({ k, m, bytes });
    const parity = emptyShards(m, bytes);
    code.encode(data, parity, bytes);
    const around = new Uint8Array(bytes).fill(7);
    code.decode([...data.slice(0, -1), undefined], parity, [around.subarray(10, 80)], bytes);
    const expected = new Uint8Array(bytes).fill(7);
    expected.set(data.at(-1)?.subarray(0, 70) ?? [], 10);
    expect(around).toEqual(expected);
  });

  test("what is read is not changed, wherever in memory it is", () => {
    const bytes = 128;
    const data = vectorShards({ k: 10, m: 3, bytes }).map(misaligned);
    const before = data.map((shard) => shard.slice());
    const parity = emptyShards(3, bytes).map(misaligned);
    code.encode(data, parity, bytes);
    const parityBefore = parity.map((shard) => shard.slice());
    const recovered = emptyShards(2, bytes).map(misaligned);
    code.decode([undefined, undefined, ...data.slice(2)], parity, recovered, bytes);
    expect(data).toEqual(before);
    expect(parity).toEqual(parityBefore);
    expect(recovered).toEqual(before.slice(0, 2));
  });

  test("without parity, or with nothing lost, there is nothing to do", () => {
    const data = vectorShards({ k: 4, m: 2, bytes: 64 });
    code.encode(data, [], 64);
    code.decode(data, [], [], 64);
    code.decode(data, [undefined, new Uint8Array(64)], [], 64);
    expect(data).toEqual(vectorShards({ k: 4, m: 2, bytes: 64 }));
  });

  const shard = new Uint8Array(64);
  test.each([
    { why: "size of 0", shardSize: 0, data: [shard], parity: [shard], message: shardSizeMessage(0) },
    { why: "size of half a block", shardSize: 96, data: [shard], parity: [shard], message: shardSizeMessage(96) },
    {
      why: "size that is no number",
      shardSize: Number.NaN,
      data: [shard],
      parity: [],
      message: shardSizeMessage("NaN"),
    },
    { why: "no data", shardSize: 64, data: [], parity: [shard], message: "data shards: want an integer >= 1, got 0" },
    {
      why: "more parity than data",
      ...{ shardSize: 64, data: [shard], parity: [shard, shard] },
      message: "parity shards: want 1 to 1, got 2",
    },
    {
      why: "a data shard that is too long",
      ...{ shardSize: 64, data: [shard, new Uint8Array(65)], parity: [shard] },
      message: "data[1]: want 0 to 64 bytes, got 65",
    },
    {
      why: "a parity shard that is too short",
      ...{ shardSize: 64, data: [shard], parity: [shard.subarray(1)] },
      message: "parity[0]: want 64 bytes, got 63",
    },
    {
      why: "shards that are no bytes",
      ...{ shardSize: 64, data: [new Float64Array(8) as unknown as Uint8Array], parity: [shard] },
      message: "data[0]: want 0 to 64 bytes, got object",
    },
  ])("encode refuses $why", ({ shardSize, data, parity, message }) => {
    expect(() => code.encode(data, parity, shardSize)).toThrow(new SegmentationError("INVALID_OPTION", message));
  });

  test("decode refuses what cannot be, and says by code when shards are too few", () => {
    const errorOf = (...[data, parity, recovered, shardSize]: Parameters<ErasureCode["decode"]>) => {
      try {
        code.decode(data, parity, recovered, shardSize);
      } catch (error) {
        return error instanceof SegmentationError ? `${error.code} ${error.message}` : error;
      }
      return undefined;
    };
    expect(errorOf([undefined, shard], [shard], [shard], 65)).toBe(`INVALID_OPTION ${shardSizeMessage(65)}`);
    expect(errorOf([undefined, shard], [shard], [], 64)).toBe("INVALID_OPTION recovered: want 1 shards, got 0");
    expect(errorOf([shard, shard], [shard], [shard], 64)).toBe("INVALID_OPTION recovered: want 0 shards, got 1");
    expect(errorOf([undefined, shard], [shard], [new Uint8Array(65)], 64)).toBe(
      "INVALID_OPTION recovered[0]: want 0 to 64 bytes, got 65",
    );
    expect(errorOf([undefined, shard], [new Uint8Array(63)], [shard], 64)).toBe(
      "INVALID_OPTION parity[0]: want 64 bytes, got 63",
    );
    expect(errorOf([undefined], [shard, shard], [shard], 64)).toBe("INVALID_OPTION parity shards: want 1 to 1, got 2");
    expect(errorOf([undefined, undefined, shard], [shard, undefined], [shard, shard], 64)).toBe(
      "TOO_FEW_SHARDS shards: want 3, got 2",
    );
  });
});

test("a backend that does not exist is refused", () => {
  expect(() => new ErasureCode({ backend: "gpu" as ErasureBackend })).toThrow(
    new SegmentationError("INVALID_OPTION", "backend: want wasm-relaxed-simd, wasm-simd or js, got gpu"),
  );
});

function shardSizeMessage(got: number | string): string {
  return `shardSize: want a multiple of 64, at least 64, got ${got}`;
}

function paddedTo(length: number, bytes: Uint8Array): Uint8Array {
  const padded = new Uint8Array(length);
  padded.set(bytes);
  return padded;
}

/** The same bytes at an odd address. */
function misaligned(bytes: Uint8Array): Uint8Array {
  const buffer = new Uint8Array(bytes.length + 3);
  buffer.set(bytes, 1);
  return buffer.subarray(1, 1 + bytes.length);
}
