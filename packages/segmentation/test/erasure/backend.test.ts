import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";

const { validate, Module } = WebAssembly;

beforeEach(() => {
  jest.resetModules();
});
afterEach(() => {
  Object.assign(WebAssembly, { validate, Module });
});

test("without anything else said, the fastest that runs here is taken", async () => {
  const { ErasureCode } = await import("../../src/erasure.ts");
  const { ERASURE_RELAXED_SIMD_WASM } = await import("../../src/wasm/erasure-relaxed-simd.ts");
  const runsRelaxed = validate(Buffer.from(ERASURE_RELAXED_SIMD_WASM, "base64"));
  expect(new ErasureCode().backend).toBe(runsRelaxed ? "wasm-relaxed-simd" : "wasm-simd");
});

test("where relaxed SIMD is unknown, plain SIMD is taken", async () => {
  const { ErasureCode } = await import("../../src/erasure.ts");
  const { ERASURE_SIMD_WASM } = await import("../../src/wasm/erasure-simd.ts");
  const simd = Buffer.from(ERASURE_SIMD_WASM, "base64");
  WebAssembly.validate = (bytes) => simd.equals(Buffer.from(bytes as Uint8Array));
  expect(new ErasureCode().backend).toBe("wasm-simd");
  expect(() => new ErasureCode({ backend: "wasm-relaxed-simd" })).toThrow(
    expect.objectContaining({ code: "INVALID_OPTION", message: "backend: wasm-relaxed-simd does not run here" }),
  );
});

test("where SIMD is unknown, JavaScript is taken", async () => {
  const { ErasureCode } = await import("../../src/erasure.ts");
  WebAssembly.validate = () => false;
  expect(new ErasureCode().backend).toBe("js");
});

test("where a content security policy forbids WebAssembly, JavaScript is taken", async () => {
  const { ErasureCode } = await import("../../src/erasure.ts");
  Object.assign(WebAssembly, {
    Module: function forbidden() {
      throw new WebAssembly.CompileError("WebAssembly.Module(): Wasm code generation disallowed by embedder");
    },
  });
  const code = new ErasureCode();
  expect(code.backend).toBe("js");
  const parity = [new Uint8Array(64), new Uint8Array(64)];
  code.encode([new Uint8Array(64).fill(1), new Uint8Array(64).fill(4)], parity, 64);
  expect(parity[0]).not.toEqual(new Uint8Array(64));
});

test("the runtime is asked once, and only when a code is made", async () => {
  let asked = 0;
  WebAssembly.validate = (bytes) => {
    asked += 1;
    return validate(bytes);
  };
  const { ErasureCode } = await import("../../src/erasure.ts");
  expect(asked).toBe(0);
  const first = new ErasureCode();
  expect(new ErasureCode().backend).toBe(first.backend);
  expect(asked).toBe(first.backend === "wasm-relaxed-simd" ? 1 : 2);
});
