/**
 * How a content message is named. Everybody derives the name, so the compact form does not carry it, and in the full
 * form a message under a false name is not well-formed.
 * @module
 */
import { hash } from "@stablelib/blake2b";

/** What a name is made of. */
export type Named = {
  /** Undefined in the compact form. */
  readonly channelId: string | undefined;
  readonly sender: string;
  readonly lamport: number;
  readonly content: Uint8Array;
};

/** Bytes of an id that we derive; on the wire and for callers it is twice as many lower-case hex digits. */
export const MESSAGE_ID_BYTES = 16;

const MESSAGE_ID = /^[0-9a-f]{32}$/;
/** What other implementations use is hex; anything that can be printed is taken. */
const FULL_MESSAGE_ID = /^[\x21-\x7e]{1,128}$/;

/**
 * Compact form: hex(BLAKE2b-128(sender || lamport as 8 bytes, big-endian || content)); protocol.md, "Reliability (SDS)".
 * Full form: the same, with the channel and the sender in front of Lamport time, each after its length (2 bytes).
 */
export function messageIdOf({ channelId, sender, lamport, content }: Named): string {
  const head = channelId === undefined ? utf8(sender) : [channelId, sender].flatMap(withLength);
  const bytes = new Uint8Array(head.length + 8 + content.length);
  bytes.set(head);
  new DataView(bytes.buffer).setBigUint64(head.length, BigInt(lamport));
  bytes.set(content, head.length + 8);
  return idToHex(hash(bytes, MESSAGE_ID_BYTES));
}

/** @param channelId - undefined in the compact form */
export function isMessageId(text: string, channelId: string | undefined): boolean {
  return (channelId === undefined ? MESSAGE_ID : FULL_MESSAGE_ID).test(text);
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

function withLength(text: string): number[] {
  const bytes = utf8(text);
  return [bytes.length >>> 8, bytes.length & 0xff, ...bytes];
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
