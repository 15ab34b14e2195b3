/**
 * Where there are no files: memory only, and never silently in place of a file.
 * @module
 */
import type { SearchSettings, Store } from "@chat/store";
import { ChatError } from "../errors.ts";

export async function openDatabase(
  _path: string,
  _key: Uint8Array | string | undefined,
  _search: SearchSettings | undefined,
): Promise<Store> {
  throw new ChatError("INVALID_OPTION", "database: files need Node; want null (memory) on this platform");
}
