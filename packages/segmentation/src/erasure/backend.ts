/**
 * Which kernel this runtime can run. There is one for each backend and field in a process: calls are synchronous, so
 * codes share it.
 * @module
 */
import { SegmentationError } from "../errors.ts";
import { ERASURE_RELAXED_SIMD_WASM } from "../wasm/erasure-relaxed-simd.ts";
import { ERASURE_SIMD_WASM } from "../wasm/erasure-simd.ts";
import type { Field } from "./field.ts";
import { JsKernel } from "./js-kernel.ts";
import type { RowKernel } from "./row-kernel.ts";
import { WasmKernel } from "./wasm-kernel.ts";

/** From the fastest on. `wasm-relaxed-simd` does a lookup in one instruction where `wasm-simd` needs up to three. */
export type ErasureBackend = "wasm-relaxed-simd" | "wasm-simd" | "js";

const BINARIES = { "wasm-relaxed-simd": ERASURE_RELAXED_SIMD_WASM, "wasm-simd": ERASURE_SIMD_WASM } as const;
const BACKENDS: readonly ErasureBackend[] = ["wasm-relaxed-simd", "wasm-simd", "js"];

const modules = new Map<ErasureBackend, WebAssembly.Module | undefined>();
const kernels = new Map<string, RowKernel>();

/** The backend itself where one is named, else the fastest that works here. */
export function resolveBackend(wanted: ErasureBackend | undefined): ErasureBackend {
  if (wanted === undefined) return BACKENDS.find(isAvailable) ?? "js";
  if (!BACKENDS.includes(wanted)) {
    throw new SegmentationError(
      "INVALID_OPTION",
      `backend: want wasm-relaxed-simd, wasm-simd or js, got ${String(wanted)}`,
    );
  }
  if (!isAvailable(wanted)) throw new SegmentationError("INVALID_OPTION", `backend: ${wanted} does not run here`);
  return wanted;
}

export function kernelFor(backend: ErasureBackend, field: Field): RowKernel {
  const key = `${backend} ${field.bits}`;
  const known = kernels.get(key);
  if (known !== undefined) return known;
  const module = moduleOf(backend);
  const made = module === undefined ? new JsKernel(field) : new WasmKernel(module, field);
  kernels.set(key, made);
  return made;
}

function isAvailable(backend: ErasureBackend): boolean {
  return backend === "js" || moduleOf(backend) !== undefined;
}

/** Undefined for `js`, and where the runtime lacks the instructions or a content security policy forbids WebAssembly. */
function moduleOf(backend: ErasureBackend): WebAssembly.Module | undefined {
  if (backend === "js") return undefined;
  if (!modules.has(backend)) modules.set(backend, compile(BINARIES[backend]));
  return modules.get(backend);
}

function compile(base64: string): WebAssembly.Module | undefined {
  try {
    const binary = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    return WebAssembly.validate(binary) ? new WebAssembly.Module(binary) : undefined;
  } catch {
    return undefined;
  }
}
