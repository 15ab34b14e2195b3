/**
 * Where the platform has files: SQLite, loaded only when a file name is given.
 * @module
 */
import type { SearchSettings, Store } from "@chat/store";

export async function openDatabase(
  path: string,
  key: Uint8Array | string | undefined,
  search: SearchSettings | undefined,
): Promise<Store> {
  const { openStore } = await import("@chat/store-sqlite");
  return openStore({ path, ...(key !== undefined && { key }), ...(search && { search }) });
}
