/**
 * How the benchmark opens our side.
 * @module
 */
import type { Store } from "@chat/store";
import { openStore } from "@chat/store-sqlite";

const decoder = new TextDecoder();
/** 32 bytes, as from a keychain: deriving a key from a passphrase is slow on purpose. */
const KEY = new Uint8Array(32).fill(1);

export function openOurs(path: string): Promise<Store> {
  return openStore({ path, key: KEY, search: { textOf: ({ content }) => decoder.decode(content) } });
}
