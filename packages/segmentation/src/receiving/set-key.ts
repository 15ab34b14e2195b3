/**
 * What a set is kept under. Senders have names of bounded length in it, so that the memory of complete sets, which
 * counts sets, is bounded in bytes too.
 * @module
 */
import { toHex } from "../hex.ts";
import { keccak256 } from "../keccak.ts";

const LONGEST_NAME = 64;

/** A name by itself, or a hash of it where it is long; empty for none. */
export function shortName(sender: string | undefined): string {
  if (sender === undefined || sender.length <= LONGEST_NAME) return sender ?? "";
  const hash = keccak256(new TextEncoder().encode(sender));
  // One letter longer than any short name, so that nobody can name himself like the hash of another.
  return toHex(hash).padStart(LONGEST_NAME + 1, "#");
}

/** No set id holds a line break, so no two pairs have one key. */
export function keyOf(sender: string, setId: string): string {
  return `${sender}\n${setId}`;
}
