/**
 * Mailboxes: the one content topic on which an installation receives everything.
 * Spec: protocol.md, "Mailboxes".
 * @module
 */
import { hash } from "@stablelib/blake2b";
import { ascii, concat } from "./bytes.ts";
import { CodecError } from "./errors.ts";

const MAX_BITS = 32;

/**
 * The content topic of an installation, shared by all whose key falls into the same bucket.
 *
 * @param installationKey - IK, 32 bytes
 * @param bits - of the bucket's number, 0 to 32; fixed by the network preset
 * @throws {@link CodecError} `INVALID_OPTION`
 */
export function mailboxTopic(installationKey: Uint8Array, bits: number): string {
  if (!Number.isInteger(bits) || bits < 0 || bits > MAX_BITS) {
    throw new CodecError("INVALID_OPTION", `bits: want an integer, 0 to ${MAX_BITS}, got ${bits}`);
  }
  const digest = hash(concat(ascii("chat/v1 mailbox"), installationKey), 32);
  const first = new DataView(digest.buffer, digest.byteOffset).getUint32(0);
  const bucket = Math.floor(first / 2 ** (MAX_BITS - bits));
  return `/chat/1/${bucket.toString(16).padStart(Math.ceil(bits / 4), "0")}/proto`;
}
