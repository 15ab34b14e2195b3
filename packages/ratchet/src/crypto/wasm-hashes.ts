/**
 * The hashes in WebAssembly, for the short inputs that a ratchet has; longer ones go to the library.
 * One instance with one page of memory serves all calls, and is wiped at the end of each.
 * @module
 */
import { HASHES_WASM } from "../wasm/hashes.ts";
import type { Hashes } from "./crypto.ts";
import { instantiate } from "./instantiate.ts";

/** What `wasm/hashes.ts` exports. Lengths are in bytes; inputs stand one behind the other at `input`. */
type HashesExports = {
  memory: WebAssembly.Memory;
  input: WebAssembly.Global;
  inputLength: WebAssembly.Global;
  output: WebAssembly.Global;
  prepare(): void;
  blake2b(length: number, messageLength: number): void;
  deriveBlake2b(length: number, keyLength: number): void;
  hkdfBlake2b(saltLength: number, materialLength: number, infoLength: number): void;
  hkdfSha256(materialLength: number, infoLength: number): void;
  wipe(inputLength: number): void;
};

const BLAKE2B_BLOCK = 128;
const BLAKE2B_DIGEST = 64;
const SHA256_DIGEST = 32;

/** @returns undefined where WebAssembly is missing or forbidden */
export function findWasmHashes(library: Hashes): Hashes | undefined {
  const kernel = instantiate<HashesExports>(HASHES_WASM);
  if (!kernel) return undefined;
  kernel.prepare();
  const memory = new Uint8Array(kernel.memory.buffer);
  const input: number = kernel.input.value;
  const capacity: number = kernel.inputLength.value;
  const output: number = kernel.output.value;
  const take = (length: number, used: number): Uint8Array => {
    const result = memory.slice(output, output + length);
    kernel.wipe(used);
    return result;
  };
  return {
    blake2b(length, message) {
      if (message.length > capacity) return library.blake2b(length, message);
      memory.set(message, input);
      kernel.blake2b(length, message.length);
      return take(length, message.length);
    },
    deriveBlake2b(length, key, personal) {
      memory.set(personal, input);
      memory.set(key, input + personal.length);
      kernel.deriveBlake2b(length, key.length);
      return take(length, personal.length + key.length);
    },
    hkdfBlake2b(salt, material, info, length) {
      const used = salt.length + material.length + info.length;
      if (length > BLAKE2B_DIGEST || salt.length > BLAKE2B_BLOCK || used > capacity) {
        return library.hkdfBlake2b(salt, material, info, length);
      }
      memory.set(salt, input);
      memory.set(material, input + salt.length);
      memory.set(info, input + salt.length + material.length);
      kernel.hkdfBlake2b(salt.length, material.length, info.length);
      return take(length, used);
    },
    hkdfSha256(material, info, length) {
      const used = material.length + info.length;
      if (length > SHA256_DIGEST || used > capacity) return library.hkdfSha256(material, info, length);
      memory.set(material, input);
      memory.set(info, input + material.length);
      kernel.hkdfSha256(material.length, info.length);
      return take(length, used);
    },
  };
}
