/**
 * Backends that tests go through.
 * @module
 */
import { type ErasureBackend, ErasureCode } from "../../src/erasure.ts";

/** Relaxed SIMD is newer than the oldest runtime that is supported, the other two are not. */
export const BACKENDS: readonly ErasureBackend[] =
  new ErasureCode().backend === "wasm-relaxed-simd" ? ["wasm-relaxed-simd", "wasm-simd", "js"] : ["wasm-simd", "js"];
