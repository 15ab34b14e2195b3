/**
 * The keys that tests change between.
 * @module
 */
import type { StoreKey } from "@chat/store-sqlite";

/** @param kind - "file", "bytes" or "passphrase" */
export function keyOf(kind: string, which: "old" | "new"): { key?: StoreKey } {
  if (kind === "file") return {};
  if (kind === "passphrase") return { key: `passphrase ${which}` };
  return { key: new Uint8Array(32).fill(which === "old" ? 7 : 8) };
}
