/**
 * How large a process is, as long as it lives.
 * @module
 */

export type MemoryLine = { readonly kind: "memory"; readonly resident: number; readonly heap: number };

export function tellMemory(everyMs: number, tell: (line: MemoryLine) => void): void {
  const look = () => {
    const { rss: resident, heapUsed: heap } = process.memoryUsage();
    tell({ kind: "memory", resident, heap });
  };
  setInterval(look, everyMs).unref();
}
