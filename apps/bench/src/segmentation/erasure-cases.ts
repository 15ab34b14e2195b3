/**
 * Erasure coding alone: shards of 100 KiB in memory, in MB/s of data.
 * @module
 */
import type { BenchCase } from "../case.ts";
import { BenchError } from "../errors.ts";
import {
  type Coder,
  dataOf,
  lostOf,
  type OpenCoder,
  ours,
  plainCopy,
  ronomon,
  SHARD_SIZE,
  subspace,
} from "./coders.ts";
import { cut, isEqual } from "./inputs.ts";
import { throughput } from "./throughput.ts";

type Rival = { readonly peer: string; readonly open: OpenCoder; readonly note?: string };

const NATIVE: Rival = {
  peer: "@ronomon/reed-solomon",
  open: ronomon,
  note: "the peer is a native addon, and can do no more than 24 + 6",
};
const WASM: Rival = { peer: "@subspace/reed-solomon-erasure.wasm", open: subspace };
const COPY: Rival = {
  peer: "plain copy",
  open: plainCopy,
  note: "no package on npm can do this many shards; the peer copies the data and protects nothing",
};

/** @param lost - of the data shards, in decoding */
function erasureCase(
  direction: "encode" | "decode",
  [data, parity, lost = parity]: readonly [data: number, parity: number, lost?: number],
  { peer, open, note }: Rival,
  { suffix = "", openOurs = ours() } = {},
): BenchCase {
  const shape = { data, parity, lost };
  const losses = direction === "decode" ? `, ${lost} of the data lost` : "";
  return {
    name: `${direction}-${data}-${parity}${suffix}`,
    title: `${data} + ${parity} shards of 100 KiB${losses}`,
    unit: "MB/s",
    better: "higher",
    peer,
    ...(note !== undefined && { note }),
    rounds: 9,
    limitMs: 60_000,
    prepare: async () => {
      const [our, their] = [await openOurs(shape), await open(shape)];
      const wanted = cut(dataOf(shape), SHARD_SIZE).filter((_, i) => lostOf(shape).has(i));
      await check(our, wanted);
      await check(their, wanted);
      const bytes = data * SHARD_SIZE;
      return {
        ours: () => throughput(bytes, () => our[direction]()),
        theirs: () => throughput(bytes, () => their[direction]()),
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}

/** A code that does not give the data back would be fast for nothing. */
async function check(coder: Coder, wanted: readonly Uint8Array[]): Promise<void> {
  await coder.encode();
  coder.lose();
  await coder.decode();
  const recovered = coder.recovered();
  if (recovered.length === wanted.length && wanted.every((shard, i) => isEqual(shard, recovered[i] ?? shard))) return;
  throw new BenchError("CASE_FAILED", "decoded: want the shards that were lost, got others");
}

export const erasureCases: readonly BenchCase[] = [
  erasureCase("encode", [24, 3], NATIVE),
  erasureCase("decode", [24, 3], NATIVE),
  erasureCase("encode", [112, 16], WASM),
  erasureCase("decode", [112, 16], WASM),
  erasureCase("decode", [112, 16, 1], WASM, { suffix: "-1-lost" }),
  erasureCase("encode", [112, 16], WASM, { suffix: "-js", openOurs: ours("js") }),
  erasureCase("decode", [112, 16], WASM, { suffix: "-js", openOurs: ours("js") }),
  erasureCase("encode", [224, 32], WASM),
  erasureCase("decode", [224, 32], WASM),
  erasureCase("encode", [1000, 142], COPY),
  erasureCase("decode", [1000, 142], COPY),
];
