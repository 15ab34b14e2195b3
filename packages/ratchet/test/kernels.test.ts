import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { instantiate } from "../src/crypto/instantiate.ts";
import { libraryHashes } from "../src/crypto/library-hashes.ts";
import { findWasmHashes } from "../src/crypto/wasm-hashes.ts";
import { findWasmX25519 } from "../src/crypto/wasm-x25519.ts";
import { createPortableCrypto } from "../src/index.ts";
import { createRandom } from "./random.ts";

const { Instance } = WebAssembly;

afterEach(() => {
  WebAssembly.Instance = Instance;
});

describe("after a call, the memory of a kernel holds", () => {
  let memory = new Uint8Array();
  /** Every four bytes of a secret, or of what was derived from one, at any place. */
  const holds = (secret: Uint8Array): boolean => {
    const contents = Buffer.from(memory);
    return Array.from({ length: secret.length - 3 }, (_, at) => contents.indexOf(secret.slice(at, at + 4))).some(
      (found) => found >= 0,
    );
  };

  beforeEach(() => {
    // Hands on the memory that the wrapper keeps to itself.
    WebAssembly.Instance = class extends Instance {
      constructor(module: WebAssembly.Module) {
        super(module);
        memory = new Uint8Array((this.exports.memory as WebAssembly.Memory).buffer);
      }
    };
  });

  test("neither a key nor a hash of it", () => {
    const hashes = findWasmHashes(libraryHashes);
    if (!hashes) throw new Error("no WebAssembly");
    const random = createRandom(50);
    const [key, salt, info, message] = [random(32), random(32), random(16), random(64)] as const;
    expect(holds(key)).toBe(false);
    const results = [
      hashes.deriveBlake2b(32, key, info),
      hashes.hkdfBlake2b(salt, key, info, 64),
      hashes.hkdfSha256(key, info, 32),
      hashes.blake2b(64, message),
    ];
    expect([key, salt, message, ...results].map(holds)).toEqual(results.concat(results.slice(0, 3)).map(() => false));
  });

  test("neither a secret nor a number of the ladder", () => {
    const x25519 = findWasmX25519();
    if (!x25519) throw new Error("no WebAssembly");
    const random = createRandom(51);
    const [secretKey, publicKey] = [random(32), random(32)] as const;
    const result = x25519.x25519(secretKey, publicKey);
    expect([secretKey, publicKey, result].map(holds)).toEqual([false, false, false]);
    expect(memory.every((byte) => byte === 0)).toBe(true);
  });
});

test("where a policy forbids WebAssembly, the libraries do everything", () => {
  WebAssembly.Instance = class extends Instance {
    constructor(module: WebAssembly.Module) {
      super(module);
      throw new EvalError("forbidden");
    }
  };
  expect(findWasmHashes(libraryHashes)).toBeUndefined();
  expect(findWasmX25519()).toBeUndefined();
  expect(instantiate("AGFzbQ==")).toBeUndefined();
});

test("kernels can be turned off", () => {
  const [tuned, library] = [createPortableCrypto(), createPortableCrypto({ kernels: "library" })];
  expect(library.deriveBlake2b).toBe(libraryHashes.deriveBlake2b);
  expect(tuned.deriveBlake2b).not.toBe(libraryHashes.deriveBlake2b);
  expect(tuned.x25519).not.toBe(library.x25519);
});
