/**
 * Leopard Reed-Solomon, equal bit for bit to the original: the checks of arguments and the codes that need no field.
 * @module
 */
import { SegmentationError } from "../errors.ts";
import { type ErasureBackend, kernelFor, resolveBackend } from "./backend.ts";
import { decodeStrips } from "./decoder.ts";
import { addStrips, encodeStrips } from "./encoder.ts";
import { fieldFor, fieldOf } from "./field.ts";
import type { RowKernel } from "./row-kernel.ts";

export type ErasureCodeOptions = {
  /** @default the fastest that the runtime has */
  readonly backend?: ErasureBackend;
};

/**
 * Makes parity shards, and data shards again from any `data.length` of both. There may be as many as fit 65,536 places:
 * the next power of two of `parity.length`, plus `data.length`.
 *
 * Calls are synchronous, and leave nothing of the shards in memory of the backend. What they write must not overlap
 * what they read.
 */
export class ErasureCode {
  readonly backend: ErasureBackend;

  /** @throws {@link SegmentationError} `INVALID_OPTION` for a backend that this runtime does not have */
  constructor(options: ErasureCodeOptions = {}) {
    this.backend = resolveBackend(options.backend);
  }

  /**
   * @param data - each at most `shardSize` long; what is shorter counts as if zeros followed
   * @param parity - written; none, or at most as many as data shards, each `shardSize` long
   * @param shardSize - bytes, a multiple of 64
   * @throws {@link SegmentationError} `INVALID_OPTION`
   */
  encode(data: readonly Uint8Array[], parity: readonly Uint8Array[], shardSize: number): void {
    checkShardSize(shardSize);
    checkShards("data", data, 0, shardSize);
    checkShards("parity", parity, shardSize, shardSize);
    if (parity.length === 0) return;
    const scheme = fieldFor(data.length, parity.length);
    if (scheme === "copy") {
      for (const shard of parity) copyPadded(shard, data[0]);
    } else if (scheme === "xor") {
      for (const shard of parity) addStrips(this.#adder(), data, shard, shardSize);
    } else {
      encodeStrips(kernelFor(this.backend, scheme), data, parity, shardSize);
    }
  }

  /**
   * @param data - `undefined` for a lost shard
   * @param parity - `undefined` for a lost shard; it is not made again
   * @param recovered - written; one for each lost data shard, in order, with room for all of it or its first part
   * @param shardSize - bytes, a multiple of 64
   * @throws {@link SegmentationError} `INVALID_OPTION`, `TOO_FEW_SHARDS`
   */
  decode(
    data: readonly (Uint8Array | undefined)[],
    parity: readonly (Uint8Array | undefined)[],
    recovered: readonly Uint8Array[],
    shardSize: number,
  ): void {
    checkShardSize(shardSize);
    const presentData = data.filter(isPresent);
    const presentParity = parity.filter(isPresent);
    checkShards("data", presentData, 0, shardSize);
    checkShards("parity", presentParity, shardSize, shardSize);
    checkShards("recovered", recovered, 0, shardSize);
    const lost = data.length - presentData.length;
    if (recovered.length !== lost) {
      throw new SegmentationError("INVALID_OPTION", `recovered: want ${lost} shards, got ${recovered.length}`);
    }
    if (presentParity.length < lost) {
      const present = presentData.length + presentParity.length;
      throw new SegmentationError("TOO_FEW_SHARDS", `shards: want ${data.length}, got ${present}`);
    }
    if (lost === 0) return;
    const scheme = fieldFor(data.length, parity.length);
    if (scheme === "copy") {
      for (const shard of recovered) copyPadded(shard, presentParity[0]);
    } else if (scheme === "xor") {
      for (const shard of recovered) addStrips(this.#adder(), [...presentParity, ...presentData], shard, shardSize);
    } else {
      decodeStrips(kernelFor(this.backend, scheme), scheme, data, parity, recovered, shardSize);
    }
  }

  /** Addition is the same in both fields. */
  #adder(): RowKernel {
    return kernelFor(this.backend, fieldOf(8));
  }
}

function checkShardSize(shardSize: number): void {
  if (!Number.isSafeInteger(shardSize) || shardSize < 64 || shardSize % 64 !== 0) {
    throw new SegmentationError("INVALID_OPTION", `shardSize: want a multiple of 64, at least 64, got ${shardSize}`);
  }
}

function checkShards(name: string, shards: readonly Uint8Array[], min: number, max: number): void {
  for (const [index, shard] of shards.entries()) {
    if (isBytes(shard) && shard.length >= min && shard.length <= max) continue;
    const wanted = min === max ? `${max}` : `${min} to ${max}`;
    const got = isBytes(shard) ? `${shard.length}` : typeof shard;
    throw new SegmentationError("INVALID_OPTION", `${name}[${index}]: want ${wanted} bytes, got ${got}`);
  }
}

/** Also of another realm, where `instanceof` fails. */
function isBytes(shard: unknown): shard is Uint8Array {
  return ArrayBuffer.isView(shard) && "length" in shard && shard.length === shard.byteLength;
}

function isPresent(shard: Uint8Array | undefined): shard is Uint8Array {
  return shard !== undefined;
}

/** The first bytes of `from`, as far as there is room; zeros after its end. */
function copyPadded(to: Uint8Array, from: Uint8Array | undefined): void {
  const part = from?.subarray(0, to.length) ?? new Uint8Array(0);
  to.set(part);
  to.fill(0, part.length);
}
