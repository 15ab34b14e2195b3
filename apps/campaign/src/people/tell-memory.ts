/**
 * How large a process is, as long as it lives. Started with `--expose-gc`, it collects its garbage before it looks.
 * @module
 */

export type MemoryLine = { readonly kind: "memory"; readonly resident: number; readonly heap: number };

export function tellMemory(everyMs: number, tell: (line: MemoryLine) => void): void {
  const look = () => {
    globalThis.gc?.();
    const { rss: resident, heapUsed, arrayBuffers } = process.memoryUsage();
    tell({ kind: "memory", resident, heap: heapUsed + arrayBuffers });
  };
  setInterval(look, everyMs).unref();
}
