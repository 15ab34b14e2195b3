/**
 * What a message takes on disk.
 * @module
 */
import type { BenchCase } from "../case.ts";
import type { Library } from "./library.ts";
import { CONTENT_BYTES } from "./records.ts";

const PEERS = {
  bare: "plain better-sqlite3, bare",
  indexed: "plain better-sqlite3, indexed",
  payload: "the content alone",
} as const;

export function sizeCases(library: () => Promise<Library>): readonly BenchCase[] {
  return (["bare", "indexed", "payload"] as const).map((peer) => ({
    name: `size-${peer}`,
    title: `bytes on disk for each message of ${CONTENT_BYTES} bytes`,
    unit: "B/msg",
    better: "lower",
    peer: PEERS[peer],
    rounds: 1,
    limitMs: 900_000,
    prepare: async () => {
      const { count, sizes } = await library();
      return {
        ours: async () => sizes.ours / count,
        theirs: async () => (peer === "payload" ? CONTENT_BYTES : sizes[peer] / count),
        [Symbol.asyncDispose]: async () => {},
      };
    },
  }));
}
