/**
 * RLN in a Waku message.
 * Spec: 17/WAKU2-RLN-RELAY; the signal as service nodes of the public network compute it, timestamp included.
 * @module
 */
import type { proto_message } from "@waku/proto";
import type { ProofValues } from "./circuit.ts";

export type RateLimitProof = proto_message.RateLimitProof;

/** Names the application whose epochs these are: proofs of another network mean nothing here. */
export const RLN_IDENTIFIER: Uint8Array = padded(new TextEncoder().encode("chat-devnet/rln/1"));

type Signalled = { readonly payload: Uint8Array; readonly contentTopic: string; readonly timestampNs: bigint };

/** Payload, content topic, timestamp (8 bytes, little endian). */
export function signalOf({ payload, contentTopic, timestampNs }: Signalled): Uint8Array {
  const topic = new TextEncoder().encode(contentTopic);
  const signal = new Uint8Array(payload.length + topic.length + 8);
  signal.set(payload);
  signal.set(topic, payload.length);
  new DataView(signal.buffer).setBigUint64(payload.length + topic.length, BigInt.asUintN(64, timestampNs), true);
  return signal;
}

/** 32 bytes, little endian. */
export function epochBytes(epoch: number): Uint8Array {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(epoch), true);
  return bytes;
}

/** The number in 32 bytes, or undefined if they are no epoch or one beyond any clock. */
export function epochOf(bytes: Uint8Array): number | undefined {
  if (bytes.length !== 32 || bytes.subarray(8).some((byte) => byte !== 0)) return undefined;
  const epoch = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  return epoch <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(epoch) : undefined;
}

export function toRateLimitProof(proved: ProofValues, epoch: number): RateLimitProof {
  const { proof, root, x, y, nullifier } = proved;
  return {
    proof,
    merkleRoot: root,
    epoch: epochBytes(epoch),
    shareX: x,
    shareY: y,
    nullifier,
    rlnIdentifier: RLN_IDENTIFIER,
  };
}

function padded(text: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(32);
  bytes.set(text);
  return bytes;
}
