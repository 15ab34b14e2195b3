/**
 * Seals any bytes at all, which `sealEnvelope` does not: with node:crypto, and protobuf by hand.
 * @module
 */
import { createCipheriv } from "node:crypto";
import type { EncryptedPayload, ParsedEnvelope } from "@chat/codec";
import type { Random } from "../random.ts";

/** An envelope of a peer who is hostile: right keys, wrong content; sometimes wrong padding, too. */
export function resealed(inner: Uint8Array, sealKey: Uint8Array, random: Random): ParsedEnvelope {
  const padded = new Uint8Array(Math.max(384, 4 + inner.length + random.below(16)));
  const length = random.chance(0.05) ? random.pick([0, 2 ** 32 - 1, padded.length]) : inner.length;
  new DataView(padded.buffer).setUint32(0, length);
  padded.set(inner, 4);
  const hint = random.bytes(8);
  const nonce = random.bytes(12);
  const cipher = createCipheriv("chacha20-poly1305", sealKey, nonce, { authTagLength: 16 });
  cipher.setAAD(Uint8Array.of(1, ...hint), { plaintextLength: padded.length });
  const sealed = Uint8Array.from(Buffer.concat([cipher.update(padded), cipher.final(), cipher.getAuthTag()]));
  return { hint, nonce, sealed, ephemeral: new Uint8Array(0) };
}

/** `EncryptedPayload`, written by hand. */
export function payloadBytes(payload: EncryptedPayload): Uint8Array {
  const { dh, messageNumber, previousChainLength, ciphertext } = payload.message;
  const numbers = Uint8Array.of(0x10, messageNumber, 0x18, previousChainLength);
  const message = Buffer.concat([field(1, dh), numbers, field(4, ciphertext)]);
  if (payload.kind === "ratchet") return Uint8Array.from(field(2, message));
  const { initiator, ephemeral, kemCiphertext } = payload;
  const keys = [field(1, initiator), field(2, ephemeral), field(3, message)];
  return Uint8Array.from(field(3, Buffer.concat(kemCiphertext ? [...keys, field(4, kemCiphertext)] : keys)));
}

function field(number: number, value: Uint8Array): Buffer {
  const { length } = value;
  const written = length < 128 ? [length] : [(length & 127) | 128, length >> 7];
  return Buffer.concat([Uint8Array.of(number * 8 + 2, ...written), value]);
}
