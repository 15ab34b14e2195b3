import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { ErasureCode } from "../../src/erasure.ts";
import { BACKENDS } from "./backends.ts";
import { emptyShards, loadLeopardVectors, vectorShards } from "./leopard-vectors.ts";

const { vectors, digests } = loadLeopardVectors();

describe.each(BACKENDS)("%s", (backend) => {
  const code = new ErasureCode({ backend });

  test.each(vectors)("vector $k + $m of $bytes bytes ($path): same parity, and data again from it", (vector) => {
    const { m, bytes } = vector;
    const data = vectorShards(vector);
    const parity = emptyShards(m, bytes);
    code.encode(data, parity, bytes);
    expect(parity.map((shard) => Buffer.from(shard).toString("hex"))).toEqual(vector.parity);
    expect(digestOf(parity)).toBe(vector.sha256);

    const lost = data.slice(0, m);
    const recovered = emptyShards(m, bytes);
    code.decode([...lost.map(() => undefined), ...data.slice(m)], parity, recovered, bytes);
    expect(recovered).toEqual(lost);
  });
});

test.each(digests)("large shards, $k + $m of $bytes bytes ($path): every backend makes the same parity", (vector) => {
  const { m, bytes } = vector;
  const data = vectorShards(vector);
  const parity = emptyShards(m, bytes);
  for (const backend of BACKENDS) {
    for (const shard of parity) shard.fill(0);
    new ErasureCode({ backend }).encode(data, parity, bytes);
    expect({ backend, sha256: digestOf(parity) }).toEqual({ backend, sha256: vector.sha256 });
  }
  expect(Buffer.from(parity[0] ?? []).toString("hex", 0, 32)).toBe(vector.first32);
});

test.each(digests)(
  "large shards, $k + $m of $bytes bytes ($path): as many data shards again as there is parity",
  (vector) => {
    const { k, m, bytes } = vector;
    const code = new ErasureCode();
    const data = vectorShards(vector);
    const parity = emptyShards(m, bytes);
    code.encode(data, parity, bytes);
    const lost = data.slice(k - m);
    const recovered = emptyShards(m, bytes);
    code.decode([...data.slice(0, k - m), ...lost.map(() => undefined)], parity, recovered, bytes);
    expect(digestOf(recovered)).toBe(digestOf(lost));
  },
);

function digestOf(shards: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const shard of shards) hash.update(shard);
  return hash.digest("hex");
}
