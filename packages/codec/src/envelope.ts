/**
 * Envelopes: all that an observer of the network sees of a message. Nothing in one repeats in another.
 * Spec: protocol.md, "Envelope: what observers see".
 * @module
 */
import { create, toBinary } from "@bufbuild/protobuf";
import { BLAKE2b } from "@stablelib/blake2b";
import { ChaCha20Poly1305 } from "@stablelib/chacha20poly1305";
import { concat } from "./bytes.ts";
import type { EnvelopeKeys } from "./envelope-keys.ts";
import { CodecError } from "./errors.ts";
import { EnvelopeSchema } from "./gen/chat/envelope/v1/envelope_pb.ts";
import { largestPayloadPaddedWithin, pad, unpad } from "./padding.ts";
import { decodePayload, type EncryptedPayload, encodePayload, type UnsupportedPayload } from "./payload.ts";
import { decodeMessage } from "./protobuf.ts";

const VERSION = 1;
const HINT_BYTES = 8;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const MAX_AT_LEAST_BYTES = 2 ** 20;

/**
 * What an envelope adds to the padded payload, for sealed fields of 16 KiB to 2 MiB:
 * `version` 2, `hint` 2 + 8, `nonce` 2 + 12, `sealed` 1 + 3 and the tag 16, `ephemeral` 2 + 32.
 */
const MAX_ENVELOPE_OVERHEAD_BYTES = 80;

/** An envelope off the wire whose form is right. Whose it is, and whether it is genuine, only a key can tell. */
export type ParsedEnvelope = {
  readonly hint: Uint8Array;
  readonly nonce: Uint8Array;
  readonly sealed: Uint8Array;
  /** OE of a first message or a key that means nothing, 32 bytes; or empty. */
  readonly ephemeral: Uint8Array;
};

export type SealOptions = {
  /** Empty, or a public key of 32 bytes that no other envelope carries. */
  readonly ephemeral: Uint8Array;
  /** Cryptographic random bytes; asked once, for the nonce. */
  readonly random: (length: number) => Uint8Array;
  /**
   * Pads as if the encoded payload had so many bytes: with 1,300, a short message is as long as a hybrid first message.
   * @default 0
   */
  readonly atLeastBytes?: number;
};

/**
 * Seals a payload into the bytes to publish.
 *
 * @throws {@link CodecError} `INVALID_OPTION` for a field of the wrong length
 */
export function sealEnvelope(payload: EncryptedPayload, keys: EnvelopeKeys, options: SealOptions): Uint8Array {
  const { ephemeral, random, atLeastBytes = 0 } = options;
  if (!Number.isInteger(atLeastBytes) || atLeastBytes < 0 || atLeastBytes > MAX_AT_LEAST_BYTES) {
    throw new CodecError(
      "INVALID_OPTION",
      `atLeastBytes: want an integer, 0 to ${MAX_AT_LEAST_BYTES}, got ${atLeastBytes}`,
    );
  }
  if (ephemeral.length !== 0 && ephemeral.length !== KEY_BYTES) {
    throw new CodecError("INVALID_OPTION", `ephemeral: want 0 or ${KEY_BYTES} bytes, got ${ephemeral.length}`);
  }
  const nonce = random(NONCE_BYTES);
  if (nonce.length !== NONCE_BYTES) {
    throw new CodecError("INVALID_OPTION", `random: want ${NONCE_BYTES} bytes, got ${nonce.length}`);
  }
  const hint = hintOf(nonce, keys.hintKey);
  const aead = new ChaCha20Poly1305(keys.sealKey);
  const sealed = aead.seal(nonce, pad(encodePayload(payload), atLeastBytes), associatedData(hint, ephemeral));
  aead.clean();
  return toBinary(EnvelopeSchema, create(EnvelopeSchema, { version: VERSION, hint, nonce, sealed, ephemeral }));
}

/** The envelope, whose fields are views into `bytes`; undefined for anything else that the topic may carry. */
export function parseEnvelope(bytes: Uint8Array): ParsedEnvelope | undefined {
  const envelope = decodeMessage(EnvelopeSchema, bytes);
  if (envelope?.version !== VERSION) return undefined;
  const { hint, nonce, sealed, ephemeral } = envelope;
  const isWellFormed =
    hint.length === HINT_BYTES &&
    nonce.length === NONCE_BYTES &&
    sealed.length > TAG_BYTES &&
    (ephemeral.length === 0 || ephemeral.length === KEY_BYTES);
  return isWellFormed ? { hint, nonce, sealed, ephemeral } : undefined;
}

/**
 * The version that an envelope says it has, if it is one of another version than this program's; else undefined. Nobody
 * signs it: whoever publishes on the topic can write one, so count it ("some messages need a newer program") and no more.
 */
export function unsupportedVersion(bytes: Uint8Array): number | undefined {
  const version = decodeMessage(EnvelopeSchema, bytes)?.version ?? 0;
  return version > VERSION ? version : undefined;
}

/** Whether the envelope may be for the owner of these keys. In 2^64 others it is by accident, so try every match. */
export function matchesHint({ hint, nonce }: ParsedEnvelope, keys: EnvelopeKeys): boolean {
  const expected = hintOf(nonce, keys.hintKey);
  return expected.every((byte, index) => byte === hint[index]);
}

/** The payload, or undefined if it was sealed with other keys, changed on the way, or is malformed inside. */
export function openEnvelope(
  envelope: ParsedEnvelope,
  keys: EnvelopeKeys,
): EncryptedPayload | UnsupportedPayload | undefined {
  const { hint, nonce, sealed, ephemeral } = envelope;
  const aead = new ChaCha20Poly1305(keys.sealKey);
  const padded = aead.open(nonce, sealed, associatedData(hint, ephemeral));
  aead.clean();
  const payload = padded && unpad(padded);
  return payload ? decodePayload(payload) : undefined;
}

/**
 * Length of the largest encoded payload whose envelope, with `ephemeral`, has at most `envelopeBytes` bytes. Such a
 * payload fills its padding class. `MAX_PAYLOAD_OVERHEAD_BYTES` of it are not the ratchet's plaintext.
 *
 * @throws {@link CodecError} `INVALID_OPTION` if not even the smallest envelope fits
 */
export function largestPayloadWithin(envelopeBytes: number): number {
  const largest = largestPayloadPaddedWithin(envelopeBytes - MAX_ENVELOPE_OVERHEAD_BYTES);
  if (largest === undefined) {
    throw new CodecError("INVALID_OPTION", `envelopeBytes: want ≥ 464, got ${envelopeBytes}`);
  }
  return largest;
}

function hintOf(nonce: Uint8Array, hintKey: Uint8Array): Uint8Array {
  const hash = new BLAKE2b(HINT_BYTES, { key: hintKey });
  const hint = hash.update(nonce).digest();
  hash.clean();
  return hint;
}

function associatedData(hint: Uint8Array, ephemeral: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(VERSION), hint, ephemeral);
}
