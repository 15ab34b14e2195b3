/**
 * What an envelope hides: a ratchet message, with the keys of the handshake as long as the responder may need them.
 * Spec: LIP-242, "Encrypted Payload"; protocol.md, "Envelope".
 * @module
 */
import { create, toBinary } from "@bufbuild/protobuf";
import { CodecError } from "./errors.ts";
import { type DoubleRatchet, EncryptedPayloadSchema } from "./gen/chat/envelope/v1/envelope_pb.ts";
import { decodeMessage, unknownMember } from "./protobuf.ts";

const KEY_BYTES = 32;
const KEM_CIPHERTEXT_BYTES = 1_088;
const MIN_CIPHERTEXT_BYTES = 28;

/** One message of the Double Ratchet, as `@chat/ratchet` makes and takes it. */
export type RatchetFields = {
  /** 32 bytes. */
  readonly dh: Uint8Array;
  readonly messageNumber: number;
  readonly previousChainLength: number;
  /** nonce (12) || ciphertext || tag (16). */
  readonly ciphertext: Uint8Array;
};

export type EncryptedPayload =
  | { readonly kind: "ratchet"; readonly message: RatchetFields }
  | {
      readonly kind: "handshake";
      /** IK_i, 32 bytes. */
      readonly initiator: Uint8Array;
      /** EK_i, 32 bytes. */
      readonly ephemeral: Uint8Array;
      /** Of a hybrid handshake: ML-KEM-768, 1,088 bytes. */
      readonly kemCiphertext?: Uint8Array;
      readonly message: RatchetFields;
    };

/** Genuine, but of a member that this version does not have: the peer's program is newer. */
export type UnsupportedPayload = {
  readonly kind: "unsupported";
  /** Field number in `EncryptedPayload` of what would have to be known. */
  readonly member: number;
  /** The whole payload, a view. */
  readonly bytes: Uint8Array;
};

/**
 * The most that everything inside the padding can add to the plaintext of a ratchet message, for plaintexts below 2 MiB:
 *
 * | part | bytes |
 * | --- | --- |
 * | `EncryptedPayload.inbox_handshake` | 1 + 3 |
 * | `initiator`, `ephemeral` | 2 × 34 |
 * | `InboxHandshake.message` | 1 + 3 |
 * | `dh` | 34 |
 * | `msg_num`, `prev_chain_len` | 2 × (1 + 5), nothing for 0 |
 * | `ciphertext` | 1 + 3 |
 * | nonce and tag of the ratchet | 12 + 16 |
 *
 * An ordinary message has no handshake and so 72 bytes less; a hybrid first message has `HYBRID_OVERHEAD_BYTES` more.
 */
export const MAX_PAYLOAD_OVERHEAD_BYTES = 154;

/** What `kem_ciphertext` adds to a first message: 1 + 2 + 1,088. */
export const HYBRID_OVERHEAD_BYTES = 3 + KEM_CIPHERTEXT_BYTES;

/** @throws {@link CodecError} `INVALID_OPTION` for a key or ciphertext of the wrong length */
export function encodePayload(payload: EncryptedPayload): Uint8Array {
  const { dh, messageNumber, previousChainLength, ciphertext } = payload.message;
  checkKey("dh", dh);
  if (ciphertext.length < MIN_CIPHERTEXT_BYTES) {
    throw new CodecError(
      "INVALID_OPTION",
      `ciphertext: want ≥ ${MIN_CIPHERTEXT_BYTES} bytes, got ${ciphertext.length}`,
    );
  }
  const message = { dh, msgNum: messageNumber, prevChainLen: previousChainLength, ciphertext };
  if (payload.kind === "ratchet") {
    const encryption = { case: "doubleratchet", value: message } as const;
    return toBinary(EncryptedPayloadSchema, create(EncryptedPayloadSchema, { encryption }));
  }
  const { initiator, ephemeral, kemCiphertext } = payload;
  checkKey("initiator", initiator);
  checkKey("ephemeral", ephemeral);
  if (kemCiphertext && kemCiphertext.length !== KEM_CIPHERTEXT_BYTES) {
    throw new CodecError(
      "INVALID_OPTION",
      `kemCiphertext: want ${KEM_CIPHERTEXT_BYTES} bytes, got ${kemCiphertext.length}`,
    );
  }
  const handshake = { initiator, ephemeral, message, ...(kemCiphertext && { kemCiphertext }) };
  const encryption = { case: "inboxHandshake", value: handshake } as const;
  return toBinary(EncryptedPayloadSchema, create(EncryptedPayloadSchema, { encryption }));
}

/** The payload, whose byte fields are views into `bytes`; undefined unless every length is right. */
export function decodePayload(bytes: Uint8Array): EncryptedPayload | UnsupportedPayload | undefined {
  const decoded = decodeMessage(EncryptedPayloadSchema, bytes);
  const encryption = decoded?.encryption;
  if (encryption?.case === "doubleratchet") {
    const message = toFields(encryption.value);
    return message && { kind: "ratchet", message };
  }
  if (encryption?.case === "inboxHandshake") {
    const { initiator, ephemeral, kemCiphertext } = encryption.value;
    const message = toFields(encryption.value.message);
    if (!message || initiator.length !== KEY_BYTES || ephemeral.length !== KEY_BYTES) return undefined;
    if (kemCiphertext.length === 0) return { kind: "handshake", initiator, ephemeral, message };
    if (kemCiphertext.length !== KEM_CIPHERTEXT_BYTES) return undefined;
    return { kind: "handshake", initiator, ephemeral, kemCiphertext, message };
  }
  const member = decoded ? unknownMember(EncryptedPayloadSchema, bytes) : 0;
  // Field 1 is the plaintext of the reference library, which is never taken.
  return member > 1 ? { kind: "unsupported", member, bytes } : undefined;
}

function toFields(message: DoubleRatchet | undefined): RatchetFields | undefined {
  if (message?.dh.length !== KEY_BYTES || message.ciphertext.length < MIN_CIPHERTEXT_BYTES) return undefined;
  const { dh, msgNum: messageNumber, prevChainLen: previousChainLength, ciphertext } = message;
  return { dh, messageNumber, previousChainLength, ciphertext };
}

function checkKey(name: string, key: Uint8Array): void {
  if (key.length !== KEY_BYTES) {
    throw new CodecError("INVALID_OPTION", `${name}: want ${KEY_BYTES} bytes, got ${key.length}`);
  }
}
