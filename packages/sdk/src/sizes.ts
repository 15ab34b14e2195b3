/**
 * How much fits where. Derivation in `docs/protocol.md`, "Sizes".
 * @module
 */
import { HYBRID_OVERHEAD_BYTES, largestPayloadWithin, MAX_PAYLOAD_OVERHEAD_BYTES } from "@chat/codec";

/** A whole Waku message, as service nodes count it. */
const MAX_WAKU_MESSAGE_SIZE = 150 * 1024;

/** Content topic, timestamp and protobuf framing around the envelope, and room for an RLN proof. */
const WAKU_FRAMING = 512;

/** What SDS puts around one segment: sender, Lamport timestamp, a history of 3 ids, field headers; rounded up. */
const SDS_FRAMING = 192;

/** Largest encoded segment: with everything around it, it fills the largest padding class that fits a Waku message. */
export const MAX_SEGMENT_SIZE =
  largestPayloadWithin(MAX_WAKU_MESSAGE_SIZE - WAKU_FRAMING) - MAX_PAYLOAD_OVERHEAD_BYTES - SDS_FRAMING;

/** The same in a first message to a hybrid invite, which carries a KEM ciphertext. */
export const MAX_HYBRID_SEGMENT_SIZE = MAX_SEGMENT_SIZE - HYBRID_OVERHEAD_BYTES;

/** protocol.md, "Causal history": what keeps a short text, and an acknowledgement, in the smallest padding class. */
export const CONTENT_HISTORY = 3;
export const FIRST_MESSAGE_HISTORY = 1;
export const ACKNOWLEDGEMENT_HISTORY = 5;
/**
 * What is missing is asked for when the store nodes have had their chance; three ids fit an acknowledgement of the
 * smallest class beside its history.
 */
export const REPAIR = { minMs: 10_000, maxMs: 20_000, maxRequests: 3 } as const;
/** After a burst, one larger acknowledgement is better than many: 36 KB for a thousand messages. */
export const BURST_ACKNOWLEDGEMENT_HISTORY = 1000;
