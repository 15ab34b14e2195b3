/**
 * What the SDK needs to send on a network that limits its senders by RLN: a proof for each message.
 * Specs: 17/WAKU2-RLN-RELAY, RLN-V2.
 * @module
 */
import type { OutboundMessage } from "./delivery-service.ts";

/** As in the Waku message. Each has 32 bytes, `proof` 128. */
export type RateLimitProof = {
  readonly proof: Uint8Array;
  readonly merkleRoot: Uint8Array;
  /** The number, little endian. */
  readonly epoch: Uint8Array;
  readonly shareX: Uint8Array;
  readonly shareY: Uint8Array;
  readonly nullifier: Uint8Array;
  readonly rlnIdentifier: Uint8Array;
};

export type RlnSlot = { readonly epoch: number; readonly index: number };

/** Somebody's membership. Two different signals proved for one slot reveal its secret and cost its stake. */
export interface RlnProver {
  /** Rejects when the index is not below the limit, or there is no membership (any more); `signal` gives its reason. */
  prove(signal: Uint8Array, slot: RlnSlot, options?: { readonly signal?: AbortSignal }): Promise<RateLimitProof>;
}

/** What is proved for: payload, content topic, and nanoseconds since the Unix epoch in 8 bytes, little endian. */
export function rlnSignal({ payload, topic, timestampMs }: OutboundMessage): Uint8Array {
  const topicBytes = new TextEncoder().encode(topic);
  const signal = new Uint8Array(payload.length + topicBytes.length + 8);
  signal.set(payload);
  signal.set(topicBytes, payload.length);
  const timestampNs = BigInt(timestampMs) * 1_000_000n;
  new DataView(signal.buffer).setBigUint64(payload.length + topicBytes.length, timestampNs, true);
  return signal;
}
