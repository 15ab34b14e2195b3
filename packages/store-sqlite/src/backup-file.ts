/**
 * What is behind the database in a backup: a mark and a MAC.
 * @module
 */
import type { Hmac } from "node:crypto";
import { open } from "node:fs/promises";

/** 16 bytes; HMAC-SHA256 (32 bytes) of all before it follows. */
export const TRAILER: Uint8Array = new TextEncoder().encode("@chat/backup v1\n");
export const MAC_LENGTH = 32;
const CHUNK_LENGTH = 2 ** 20;

/**
 * @param mac - keyed; used up
 * @param without - bytes at the end that are left out
 */
export async function macOf(path: string, mac: Hmac, signal?: AbortSignal, without = 0): Promise<Uint8Array> {
  const file = await open(path, "r");
  try {
    const end = (await file.stat()).size - without;
    const chunk = new Uint8Array(CHUNK_LENGTH);
    for (let position = 0; position < end; ) {
      signal?.throwIfAborted();
      const { bytesRead } = await file.read(chunk, 0, Math.min(chunk.length, end - position), position);
      if (bytesRead === 0) break;
      mac.update(chunk.subarray(0, bytesRead));
      position += bytesRead;
    }
    return mac.digest();
  } finally {
    await file.close();
  }
}
