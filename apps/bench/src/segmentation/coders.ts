/**
 * One erasure code with the shards it works on: ours, and those of the peers behind the same few calls. Each has a copy
 * of the data of its own, in the shape that its API wants.
 * @module
 */
import { type ErasureBackend, ErasureCode } from "@chat/segmentation/erasure";
import wasmPeer from "@subspace/reed-solomon-erasure.wasm";
import { BenchError } from "../errors.ts";
import { cut, payloadOf, spreadOver } from "./inputs.ts";
import { loadNativePeer } from "./native-peer.ts";

/** How many shards there are, and how many of the data shards get lost. */
export type Shape = {
  readonly data: number;
  readonly parity: number;
  readonly lost: number;
};

export const SHARD_SIZE = 100 * 1024;

export interface Coder {
  /** Makes the parity shards from the data shards. */
  encode(): void | Promise<void>;
  /** Makes the lost data shards from the others; wants to be called after `encode`. */
  decode(): void | Promise<void>;
  /** Overwrites what `decode` is to make. */
  lose(): void;
  /** The lost data shards in order, as `decode` left them. */
  recovered(): readonly Uint8Array[];
}

export type OpenCoder = (shape: Shape) => Promise<Coder>;

export function dataOf({ data }: Shape): Uint8Array {
  return payloadOf(data * SHARD_SIZE);
}

/** The first shard is among them: without it, the peer in WebAssembly refuses most sets of losses that it could repair. */
export function lostOf({ data, lost }: Shape): ReadonlySet<number> {
  return spreadOver(data, lost);
}

/** @param backend - by default the fastest that there is */
export function ours(backend?: ErasureBackend): OpenCoder {
  return async (shape) => {
    const code = new ErasureCode(backend === undefined ? {} : { backend });
    const lost = lostOf(shape);
    const data = cut(dataOf(shape), SHARD_SIZE);
    const present = data.map((shard, i) => (lost.has(i) ? undefined : shard));
    const parity = cut(new Uint8Array(shape.parity * SHARD_SIZE), SHARD_SIZE);
    const recovered = cut(new Uint8Array(lost.size * SHARD_SIZE), SHARD_SIZE);
    return {
      encode: () => code.encode(data, parity, SHARD_SIZE),
      decode: () => code.decode(present, parity, recovered, SHARD_SIZE),
      lose: () => {
        for (const shard of recovered) shard.fill(0);
      },
      recovered: () => recovered,
    };
  };
}

/** Rust's reed-solomon-erasure in WebAssembly; all shards in one array, where it also puts the recovered ones. */
export const subspace: OpenCoder = async (shape) => {
  const { data, parity } = shape;
  const code = await wasmPeer.ReedSolomonErasure.fromCurrentDirectory();
  const lost = lostOf(shape);
  const all = new Uint8Array((data + parity) * SHARD_SIZE);
  all.set(dataOf(shape));
  const available = Array.from({ length: data + parity }, (_, i) => !lost.has(i));
  const lostShards = cut(all, SHARD_SIZE).filter((_, i) => lost.has(i));
  const check = (result: number) => {
    if (result !== 0) throw new BenchError("CASE_FAILED", `peer: want result 0, got ${result}`);
  };
  return {
    encode: () => check(code.encode(all, data, parity)),
    decode: () => check(code.reconstruct(all, data, parity, available)),
    lose: () => {
      for (const shard of lostShards) shard.fill(0);
    },
    recovered: () => lostShards,
  };
};

/** C in a native addon. It works in a thread of libuv's pool; one call at a time keeps it to one. */
export const ronomon: OpenCoder = async (shape) => {
  const { data, parity } = shape;
  const native = await loadNativePeer();
  const context = native.create(data, parity);
  const lost = lostOf(shape);
  const dataBytes = Buffer.from(dataOf(shape).buffer);
  const parityBytes = Buffer.alloc(parity * SHARD_SIZE);
  const lostShards = cut(dataBytes, SHARD_SIZE).filter((_, i) => lost.has(i));
  const flags = (wanted: (i: number) => boolean) =>
    Array.from({ length: data + parity }, (_, i) => (wanted(i) ? 2 ** i : 0)).reduce((a, b) => a + b);
  const run = (sources: number, targets: number) => {
    const done = Promise.withResolvers<void>();
    native.encode(
      context,
      ...[sources, targets],
      ...[dataBytes, 0, dataBytes.length],
      ...[parityBytes, 0, parityBytes.length],
      (error) => (error ? done.reject(error) : done.resolve()),
    );
    return done.promise;
  };
  return {
    encode: () =>
      run(
        flags((i) => i < data),
        flags((i) => i >= data),
      ),
    decode: () =>
      run(
        flags((i) => !lost.has(i)),
        flags((i) => lost.has(i)),
      ),
    lose: () => {
      for (const shard of lostShards) shard.fill(0);
    },
    recovered: () => lostShards,
  };
};

/** For shapes that no peer on npm can do: as fast as bytes can be copied, and no protection at all. */
export const plainCopy: OpenCoder = async (shape) => {
  const source = dataOf(shape);
  const target = new Uint8Array(source.length);
  const copy = () => target.set(source);
  const lost = lostOf(shape);
  const lostShards = cut(target, SHARD_SIZE).filter((_, i) => lost.has(i));
  return {
    encode: copy,
    decode: copy,
    lose: () => void target.fill(0),
    recovered: () => lostShards,
  };
};
