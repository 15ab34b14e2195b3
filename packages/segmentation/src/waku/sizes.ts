/**
 * How much fits into a Waku message.
 * @module
 */

/** Bytes of a whole Waku message, as protobuf, that the service nodes of the public network take: 150 KiB. */
export const MAX_WAKU_MESSAGE_SIZE = 150 * 1024;

/**
 * Room for what the encoder and the network put around the payload: up to 459 bytes for encryption, signature and
 * framing (ECIES of @waku/message-encryption 0.0.38, measured; without encryption it is a fraction), 339 for an RLN
 * proof, 66 for `meta`. That leaves 160 for the content topic.
 */
const MESSAGE_OVERHEAD = 1_024;

/** Bytes of payload that fit a Waku message whichever encoder makes it, with a content topic of up to 160 bytes. */
export const DEFAULT_MAX_MESSAGE_SIZE = MAX_WAKU_MESSAGE_SIZE - MESSAGE_OVERHEAD;
