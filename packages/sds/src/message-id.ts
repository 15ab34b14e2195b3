/**
 * How a content message is named. Both sides derive the name, so it never travels with the message itself.
 * @module
 */
import { hash } from "@stablelib/blake2b";
import type { Side } from "./state.ts";

/** Bytes of an id; on the wire and for callers it is twice as many lower-case hex digits. */
export const MESSAGE_ID_BYTES = 16;

const MESSAGE_ID = /^[0-9a-f]{32}$/;

/** hex(BLAKE2b-128(sender || lamport as 8 bytes, big-endian || content)): protocol.md, "Reliability (SDS)". */
export function messageIdOf(sender: Side, lamport: number, content: Uint8Array): string {
  const bytes = new Uint8Array(9 + content.length);
  bytes[0] = sender.charCodeAt(0);
  new DataView(bytes.buffer).setBigUint64(1, BigInt(lamport));
  bytes.set(content, 9);
  return idToHex(hash(bytes, MESSAGE_ID_BYTES));
}

export function isMessageId(text: string): boolean {
  return MESSAGE_ID.test(text);
}

export function idToHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Digit by digit: a state is written with every message, and names thousands of ids while a large file is under way.
 * @param id - well-formed, as every id in a state is
 */
export function idToBytes(id: string): Uint8Array {
  const bytes = new Uint8Array(MESSAGE_ID_BYTES);
  for (let index = 0; index < MESSAGE_ID_BYTES; index += 1) {
    bytes[index] = (digit(id.charCodeAt(index * 2)) << 4) | digit(id.charCodeAt(index * 2 + 1));
  }
  return bytes;
}

/** Value of the character code of one lower-case hex digit. */
function digit(code: number): number {
  const ZERO = 48;
  const LETTER_A = 97;
  return code < LETTER_A ? code - ZERO : code - LETTER_A + 10;
}
