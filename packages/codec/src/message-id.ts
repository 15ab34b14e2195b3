/**
 * Ids of messages inside contents: hexadecimal for programs, 16 bytes on the wire.
 * @module
 */
import { CodecError } from "./errors.ts";

const ID_BYTES = 16;
const ID = /^[0-9a-f]{32}$/;

/** @throws {@link CodecError} `INVALID_CONTENT` */
export function messageIdToWire(id: string): Uint8Array {
  if (typeof id !== "string" || !ID.test(id)) {
    throw new CodecError("INVALID_CONTENT", "messageId: want 32 hexadecimal digits, as in message.id");
  }
  return Uint8Array.from({ length: ID_BYTES }, (_, index) => Number.parseInt(id.slice(2 * index, 2 * index + 2), 16));
}

export function messageIdFromWire(bytes: Uint8Array): string | undefined {
  if (bytes.length !== ID_BYTES) return undefined;
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
