// A file of its own: the one instance is made at the first hash.
import { expect, test } from "@jest/globals";
import { createKeccak256 } from "../../src/keccak.ts";

test("after the last digest, neither state nor input is left in the WebAssembly memory", () => {
  const { Instance } = WebAssembly;
  const memories: WebAssembly.Memory[] = [];
  WebAssembly.Instance = class extends Instance {
    constructor(module: WebAssembly.Module) {
      super(module);
      memories.push(this.exports.memory as WebAssembly.Memory);
    }
  };
  try {
    const [first, second] = [createKeccak256({ backend: "wasm" }), createKeccak256({ backend: "wasm" })];
    const bytes = () => new Uint8Array(memories[0]?.buffer ?? new ArrayBuffer(0)).slice();
    const unused = bytes();
    first.update(new Uint8Array(100_000).fill(0xa5));
    second.update(new Uint8Array(1_000).fill(0x5a));
    expect(bytes()).not.toEqual(unused);
    first.digest();
    second.digest();
    expect(bytes()).toEqual(unused);
    expect([memories.length, unused.length]).toEqual([1, 65_536]);
  } finally {
    WebAssembly.Instance = Instance;
  }
});
