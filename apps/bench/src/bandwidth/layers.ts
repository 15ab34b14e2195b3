/**
 * What a text of 100 characters becomes on its way out, layer by layer.
 * @module
 */
import {
  deriveConversationKeys,
  type EncryptedPayload,
  encodeContentFrame,
  encodePrivateFrame,
  sealEnvelope,
  text,
} from "@chat/codec";
import { createCrypto, encrypt, generateKeyPair, startAsInitiator } from "@chat/ratchet";
import { openChannel, send } from "@chat/sds";
import { Segmenter } from "@chat/segmentation";
import { wakuBytes } from "./waku-size.ts";

const CHARACTERS = 100;
const MAILBOX_BITS = 9;
/** In the middle of a conversation: its own message before, and two of the other side to confirm. */
const HISTORY = 3;
const SENT_AT_MS = Date.UTC(2026, 10, 23);

/** Bytes that each layer adds, from the text outwards; together they are the Waku message. */
export function layersOfText(): readonly (readonly [layer: string, bytes: number])[] {
  const { random } = createCrypto();
  const content = encodeContentFrame(text("x".repeat(CHARACTERS)));
  const frame = encodePrivateFrame({ timestampMs: SENT_AT_MS, body: { kind: "content", content } });
  const segmenter = new Segmenter({ wrap: "always", parity: "none", maxMessageSize: 150_000, random });
  const [segment = new Uint8Array()] = segmenter.segment(frame);
  const received = ["a".repeat(32), "b".repeat(32)];
  const channel = { ...openChannel("I"), previousId: "c".repeat(32), toAcknowledge: received };
  const sds = send(channel, segment, { nowMs: SENT_AT_MS, maxHistory: HISTORY, random });
  const start = { sharedSecret: random(32), remoteKey: generateKeyPair(random).publicKey, associatedData: random(64) };
  const { message } = encrypt(startAsInitiator({ ...start, random }), sds.bytes, { random });
  const payload: EncryptedPayload = { kind: "ratchet", message };
  const keys = deriveConversationKeys(random(32)).initiatorToResponder;
  const envelope = sealEnvelope(payload, keys, { ephemeral: new Uint8Array(), random });
  // Header and ciphertext of the ratchet, with the fields around them.
  const ratchet = message.dh.length + message.ciphertext.length + RATCHET_FIELDS;
  const sizes = [
    ["text", CHARACTERS],
    ["content-frame", content.length],
    ["private-frame", frame.length],
    ["segment", segment.length],
    ["sds", sds.bytes.length],
    ["ratchet", ratchet],
    ["envelope-and-padding", envelope.length],
    ["waku-message", wakuBytes(envelope.length, MAILBOX_BITS)],
  ] as const;
  return sizes.map(([layer, size], index) => [layer, size - (sizes[index - 1]?.[1] ?? 0)]);
}

/** Tags and lengths of `DoubleRatchet` and of the payload around it, and two small numbers. */
const RATCHET_FIELDS = 2 + 2 + 2 + 3 + 3;
