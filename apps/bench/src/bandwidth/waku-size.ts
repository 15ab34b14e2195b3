/**
 * How large an envelope is on the network.
 * @module
 */
import { mailboxTopic } from "@chat/codec";

/** 14/WAKU2-MESSAGE: payload = 1, content topic = 2, timestamp = 10, each with its header. */
export function wakuBytes(envelopeBytes: number, mailboxBits: number): number {
  const topic = mailboxTopic(new Uint8Array(32), mailboxBits);
  return field(envelopeBytes) + field(topic.length) + TIMESTAMP_BYTES;
}

/** 17/WAKU2-RLN-RELAY: `rate_limit_proof = 21`, with a proof of 128 bytes and five fields of 32. */
export const RLN_PROOF_BYTES = 2 + varintBytes(128 + 3 + 5 * 34) + 128 + 3 + 5 * 34;

/** Mbit/s of 10,000 people who write 4 texts a minute each (CHAT-P1), from the bytes that a text causes. */
export function loadOf(bytesPerText: number): number {
  return (bytesPerText * 10_000 * (4 / 60) * 8) / 1e6;
}

/** A tag, and nanoseconds since 1970 in nine bytes. */
const TIMESTAMP_BYTES = 1 + 9;

function field(bytes: number): number {
  return 1 + varintBytes(bytes) + bytes;
}

function varintBytes(value: number): number {
  return value < 128 ? 1 : value < 16_384 ? 2 : 3;
}
