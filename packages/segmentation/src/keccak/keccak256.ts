/**
 * Keccak-256 with Ethereum's padding (0x01, where SHA3-256 has 0x06), by the fastest implementation there is here.
 * Spec: LIP-243, `entire_message_hash`.
 * @module
 */
import { SegmentationError } from "../errors.ts";
import { openJs } from "./js.ts";
import { findNative } from "./native.ts";
import type { OpenSponge } from "./sponge.ts";
import { findWasm } from "./wasm.ts";

/** From the fastest to the slowest: OpenSSL by way of `node:crypto`, WebAssembly, plain JavaScript. */
const BACKENDS = ["native", "wasm", "js"] as const;

export type KeccakBackend = (typeof BACKENDS)[number];

/** A hash on its way: any number of `update`s, then one `digest`. */
export interface Keccak256 {
  /** @param bytes - of any length; not kept, not changed */
  update(bytes: Uint8Array): this;
  /**
   * @returns the 32 bytes of the hash
   * @throws {@link SegmentationError} `INVALID_OPTION`, for this and `update` once the digest was taken
   */
  digest(): Uint8Array;
}

/** Looked for once, and only when the first hash is asked for. */
const found = new Map<KeccakBackend, OpenSponge | undefined>();

/**
 * Starts a hash.
 *
 * @param options.backend - to name the implementation instead of taking the fastest
 * @throws {@link SegmentationError} `INVALID_OPTION`: this runtime does not have that backend
 */
export function createKeccak256({ backend = keccakBackend() }: { backend?: KeccakBackend } = {}): Keccak256 {
  const open = find(backend);
  if (open === undefined) {
    throw new SegmentationError("INVALID_OPTION", `backend: want one that this runtime has, got ${String(backend)}`);
  }
  let sponge: ReturnType<OpenSponge> | undefined = open();
  const running = () => {
    if (sponge !== undefined) return sponge;
    throw new SegmentationError("INVALID_OPTION", "hash: want no call after digest(), got one");
  };
  return {
    update(bytes) {
      running().update(bytes);
      return this;
    },
    digest() {
      const digest = running().digest();
      sponge = undefined;
      return digest;
    },
  };
}

/** The Keccak-256 of `bytes`: 32 bytes. */
export function keccak256(bytes: Uint8Array): Uint8Array {
  return createKeccak256().update(bytes).digest();
}

/** The backend that is used where none is named. */
export function keccakBackend(): KeccakBackend {
  return BACKENDS.find((backend) => find(backend) !== undefined) ?? "js";
}

function find(backend: KeccakBackend): OpenSponge | undefined {
  if (!found.has(backend)) found.set(backend, look(backend));
  return found.get(backend);
}

function look(backend: KeccakBackend): OpenSponge | undefined {
  if (backend === "native") return findNative();
  if (backend === "wasm") return findWasm();
  return backend === "js" ? openJs : undefined;
}
