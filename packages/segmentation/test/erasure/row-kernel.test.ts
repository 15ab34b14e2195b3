import { describe, expect, test } from "@jest/globals";
import { kernelFor } from "../../src/erasure/backend.ts";
import { fieldOf } from "../../src/erasure/field.ts";
import { ErasureCode } from "../../src/erasure.ts";
import { BACKENDS } from "./backends.ts";
import { emptyShards } from "./leopard-vectors.ts";

const MIB = 2 ** 20;

describe.each(BACKENDS)("%s", (backend) => {
  const code = new ErasureCode({ backend });

  test("keeps nothing of the shards when a call is done", () => {
    // Recognised wherever it is left: in both fields a shard of equal bytes stays one when it is multiplied.
    // The longer shards take two strips, of which the second is narrow.
    for (const { k, m, bytes } of [
      { k: 20, m: 3, bytes: 1_024 },
      { k: 20, m: 3, bytes: 16_576 },
      { k: 300, m: 40, bytes: 16_576 },
      { k: 5, m: 1, bytes: 16_576 },
    ]) {
      const data = Array.from({ length: k }, () => new Uint8Array(bytes - 1).fill(0xa5));
      const parity = emptyShards(m, bytes);
      code.encode(data, parity, bytes);
      const lost = data.slice(0, m).map(() => undefined);
      code.decode([...lost, ...data.slice(m)], parity, emptyShards(m, bytes), bytes);
      for (const bits of [8, 16] as const) {
        expect(longestRun(kernelFor(backend, fieldOf(bits)).memory)).toBeLessThan(64);
      }
    }
  });

  test("keeps nothing of the shards when a call fails half way", () => {
    const data = Array.from({ length: 20 }, () => new Uint8Array(1024).fill(0xa5));
    expect(() => code.encode([...data, new Vanishing(1024)], emptyShards(3, 1024), 1024)).toThrow("gone");
    expect(longestRun(kernelFor(backend, fieldOf(8)).memory)).toBeLessThan(64);
  });

  test("the largest code takes a few megabytes", () => {
    const data = Array.from({ length: 32_768 }, (_, index) => new Uint8Array([index, index >> 8, 3]));
    const parity = emptyShards(32_768, 64);
    code.encode(data, parity, 64);
    const recovered = emptyShards(40, 64);
    code.decode([...data.slice(0, -40), ...recovered.map(() => undefined)], parity, recovered, 64);
    expect(recovered.map((shard) => [...shard.subarray(0, 4)])).toEqual(data.slice(-40).map((shard) => [...shard, 0]));
    expect(kernelFor(backend, fieldOf(16)).memory.length).toBeLessThan(5 * MIB);
  });
});

/** As if its buffer were transferred between the checks and the work. */
class Vanishing extends Uint8Array {
  override subarray(): never {
    throw new Error("gone");
  }
}

/** Of equal bytes other than zero. */
function longestRun(memory: Uint8Array): number {
  let longest = 0;
  let run = 0;
  let last = 0;
  for (const byte of memory) {
    run = byte === last && byte !== 0 ? run + 1 : 1;
    last = byte;
    if (byte !== 0 && run > longest) longest = run;
  }
  return longest;
}
