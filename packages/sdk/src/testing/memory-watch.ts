/**
 * Whether the memory of clients stays as it is, as far as the engine tells: for simulations in a process of their own,
 * with the flag `--expose-gc`, whose stores are on disk.
 * @module
 */
import type { Simulation } from "./simulation.ts";

const MIB = 2 ** 20;
/** What waits for a finalizer is gone after the next one. */
const COLLECTIONS = 3;

type Engine = {
  readonly gc?: (() => void) | undefined;
  readonly process?: { memoryUsage(): { readonly heapUsed: number; readonly arrayBuffers: number } };
};

export class MemoryWatch {
  /** Bytes, sample by sample: heap and array buffers, without what the service nodes store. */
  readonly samples: number[] = [];
  readonly #simulation: Simulation;
  readonly #collect: () => void;
  readonly #memoryUsage: () => { readonly heapUsed: number; readonly arrayBuffers: number };

  /** @throws Error without `--expose-gc`, and in browsers */
  constructor(simulation: Simulation) {
    const { gc, process } = globalThis as Engine;
    if (gc === undefined || process === undefined) throw new Error("memory: want node --expose-gc, got no collector");
    this.#simulation = simulation;
    this.#collect = gc;
    this.#memoryUsage = () => process.memoryUsage();
  }

  /** Collects garbage, and adds a sample. @returns it */
  sample(): number {
    for (let count = 0; count < COLLECTIONS; count += 1) this.#collect();
    const { heapUsed, arrayBuffers } = this.#memoryUsage();
    const bytes = heapUsed + arrayBuffers - this.#simulation.network.storedBytes;
    this.samples.push(bytes);
    return bytes;
  }

  /** Compares the largest sample of the last quarter with that of the first. @param slackBytes - it may be larger */
  findings(slackBytes = 2 * MIB): string[] {
    const quarter = Math.ceil(this.samples.length / 4);
    const grown = Math.max(...this.samples.slice(-quarter)) - Math.max(...this.samples.slice(0, quarter));
    const inMib = (bytes: number) => `${(bytes / MIB).toFixed(1)} MiB`;
    return grown > slackBytes ? [`memory: grown by ${inMib(grown)}, want at most ${inMib(slackBytes)}`] : [];
  }
}
