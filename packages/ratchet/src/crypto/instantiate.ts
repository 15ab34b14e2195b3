/**
 * The kernels of `src/wasm`, ready to call.
 * @module
 */

/** @returns undefined where there is no WebAssembly, or a content security policy forbids it */
export function instantiate<Exports>(base64: string): Exports | undefined {
  try {
    const binary = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    return new WebAssembly.Instance(new WebAssembly.Module(binary)).exports as Exports;
  } catch {
    return undefined;
  }
}
