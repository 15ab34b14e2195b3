/**
 * Keccak-256 in WebAssembly. One instance with 64 KiB of memory serves all hashes: each keeps its own state and lends
 * it to the instance for the length of a call, so they may be interleaved as they come.
 * @module
 */
import { KECCAK_WASM } from "../wasm/keccak.ts";
import type { OpenSponge, Sponge } from "./sponge.ts";

/** Bytes that one permutation takes in: 1600 bits less twice the 256 of the hash. */
const RATE = 136;
const STATE_LENGTH = 200;
const DIGEST_LENGTH = 32;

/** What `wasm/keccak.ts` exports. */
type KeccakExports = {
  memory: WebAssembly.Memory;
  /** Address of the state, which is exactly that of the specification between calls. */
  state: WebAssembly.Global;
  /** Address and length of the window through which input is streamed; whole blocks. */
  input: WebAssembly.Global;
  inputLength: WebAssembly.Global;
  /** @param length - of the blocks at `input`; a multiple of `RATE` */
  absorb(length: number): void;
};

/** @returns undefined where there is no WebAssembly, or a content security policy forbids it */
export function findWasm(): OpenSponge | undefined {
  try {
    const code = Uint8Array.from(atob(KECCAK_WASM), (character) => character.charCodeAt(0));
    const permutation = new Permutation(new WebAssembly.Instance(new WebAssembly.Module(code)));
    return () => new WasmSponge(permutation);
  } catch {
    return undefined;
  }
}

/** The instance. Between two calls there is no state in it, but there may be input. */
class Permutation {
  readonly window: Uint8Array;
  readonly #state: Uint8Array;
  readonly #absorb: KeccakExports["absorb"];
  /** Bytes at the start of the window that were written since it was wiped. */
  #used = 0;

  constructor({ exports }: WebAssembly.Instance) {
    const { memory, state, input, inputLength, absorb } = exports as KeccakExports;
    this.#state = new Uint8Array(memory.buffer, state.value, STATE_LENGTH);
    this.window = new Uint8Array(memory.buffer, input.value, inputLength.value);
    this.#absorb = absorb;
  }

  /** Takes the first `length` bytes of the window, whole blocks, into `state`. */
  absorb(state: Uint8Array, length: number): void {
    this.#used = Math.max(this.#used, length);
    this.#state.set(state);
    this.#absorb(length);
    state.set(this.#state);
  }

  wipe(): void {
    this.#state.fill(0);
    this.window.fill(0, 0, this.#used);
    this.#used = 0;
  }
}

class WasmSponge implements Sponge {
  readonly #permutation: Permutation;
  readonly #state = new Uint8Array(STATE_LENGTH);
  /** The begun block: its first `#held` bytes. */
  readonly #block = new Uint8Array(RATE);
  #held = 0;

  constructor(permutation: Permutation) {
    this.#permutation = permutation;
  }

  update(bytes: Uint8Array): void {
    const { window } = this.#permutation;
    let rest = bytes;
    while (this.#held + rest.length >= RATE) {
      const available = Math.min(this.#held + rest.length, window.length);
      const length = available - (available % RATE);
      const taken = rest.subarray(0, length - this.#held);
      window.set(this.#block.subarray(0, this.#held));
      window.set(taken, this.#held);
      this.#permutation.absorb(this.#state, length);
      this.#held = 0;
      rest = rest.subarray(taken.length);
    }
    this.#block.set(rest, this.#held);
    this.#held += rest.length;
  }

  digest(): Uint8Array {
    const block = this.#block.fill(0, this.#held);
    block[this.#held] = 0x01;
    block[RATE - 1] = (block[RATE - 1] ?? 0) | 0x80; // the same byte when only one is free
    this.#permutation.window.set(block);
    this.#permutation.absorb(this.#state, RATE);
    const digest = this.#state.slice(0, DIGEST_LENGTH);
    this.#permutation.wipe();
    this.#state.fill(0);
    block.fill(0);
    return digest;
  }
}
