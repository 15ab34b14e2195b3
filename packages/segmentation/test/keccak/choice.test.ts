// A file of its own: what the runtime has is found out once, at the first hash.
import { expect, test } from "@jest/globals";
import { createKeccak256, keccak256, keccakBackend } from "../../src/keccak.ts";

test("where a content security policy forbids WebAssembly, plain JavaScript takes over", () => {
  const { Module } = WebAssembly;
  const { getBuiltinModule } = process;
  try {
    process.getBuiltinModule = (() => undefined) as typeof getBuiltinModule; // Node 26 would hash natively
    WebAssembly.Module = new Proxy(Module, {
      construct: () => {
        throw new WebAssembly.CompileError("Wasm code generation disallowed by embedder");
      },
    });
    expect(keccakBackend()).toBe("js");
    expect(() => createKeccak256({ backend: "wasm" })).toThrow(expect.objectContaining({ code: "INVALID_OPTION" }));
    expect(keccak256(new Uint8Array(0)).subarray(0, 4)).toEqual(Uint8Array.of(0xc5, 0xd2, 0x46, 0x01));
  } finally {
    WebAssembly.Module = Module;
    process.getBuiltinModule = getBuiltinModule;
  }
});
