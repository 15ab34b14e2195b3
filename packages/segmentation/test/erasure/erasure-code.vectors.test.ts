import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { type ErasureBackend, ErasureCode } from "../../src/erasure.ts";
import { loadLeopardVectors, vectorShards } from "./leopard-vectors.ts";

const { vectors, digests } = loadLeopardVectors();
const backends: ErasureBackend[] = ["wasm-relaxed-simd", "wasm-simd", "js"];

describe.each(backends)("%s", (backend) => {
  test.each(vectors)("encodes and decodes vector $k + $m of $bytes bytes ($path)", (vector) => {
    const code = new ErasureCode({ backend });
    const { m, bytes } = vector;
    const data = vectorShards(vector);
    const parity = Array.from({ length: m }, () => new Uint8Array(bytes));
    code.encode(data, parity, bytes);
    expect(parity.map((shard) => Buffer.from(shard).toString("hex"))).toEqual(vector.parity);

    const lost = data.slice(0, m);
    const recovered = lost.map((shard) => new Uint8Array(shard.length));
    code.decode([...lost.map(() => undefined), ...data.slice(m)], parity, recovered, bytes);
    expect(recovered).toEqual(lost);
  });

  test.each(digests)("encodes and decodes large shards: $k + $m of $bytes bytes ($path)", (vector) => {
    const code = new ErasureCode({ backend });
    const { k, m, bytes } = vector;
    const data = vectorShards(vector);
    const parity = Array.from({ length: m }, () => new Uint8Array(bytes));
    code.encode(data, parity, bytes);
    expect(digestOf(parity)).toBe(vector.sha256);
    expect(Buffer.from(parity[0]?.subarray(0, 32) ?? []).toString("hex")).toBe(vector.first32);

    const lost = data.slice(k - m);
    const recovered = lost.map((shard) => new Uint8Array(shard.length));
    code.decode([...data.slice(0, k - m), ...lost.map(() => undefined)], parity, recovered, bytes);
    expect(digestOf(recovered)).toBe(digestOf(lost));
  });
});

function digestOf(shards: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const shard of shards) hash.update(shard);
  return hash.digest("hex");
}
