/**
 * X25519 in WebAssembly. One instance with one page of memory serves all calls, and is wiped at the end of each.
 * @module
 */
import { X25519_WASM } from "../wasm/x25519.ts";
import type { ScalarMultiplication } from "./crypto.ts";
import { instantiate } from "./instantiate.ts";

/** What `wasm/x25519.ts` exports. */
type X25519Exports = {
  memory: WebAssembly.Memory;
  /** Address of the secret, and 32 bytes further of the public key. */
  input: WebAssembly.Global;
  output: WebAssembly.Global;
  x25519(): void;
  wipe(): void;
};

const KEY_BYTES = 32;
const BASE_POINT = new Uint8Array(KEY_BYTES);
BASE_POINT[0] = 9;

/** @returns undefined where WebAssembly is missing or forbidden */
export function findWasmX25519(): ScalarMultiplication | undefined {
  const kernel = instantiate<X25519Exports>(X25519_WASM);
  if (!kernel) return undefined;
  const memory = new Uint8Array(kernel.memory.buffer);
  const input: number = kernel.input.value;
  const output: number = kernel.output.value;
  const x25519 = (secretKey: Uint8Array, publicKey: Uint8Array): Uint8Array => {
    memory.set(secretKey, input);
    memory.set(publicKey, input + KEY_BYTES);
    kernel.x25519();
    const result = memory.slice(output, output + KEY_BYTES);
    kernel.wipe();
    return result;
  };
  return { x25519, x25519Base: (secretKey) => x25519(secretKey, BASE_POINT) };
}
