/**
 * How much fits into a Waku message.
 * @module
 */

/** Bytes of a whole Waku message, as protobuf, that the service nodes of the public network take: 150 KiB. */
export const MAX_WAKU_MESSAGE_SIZE = 150 * 1024;

/**
 * Room for what an encoder and the network put around the payload. Measured with @waku/message-encryption, signed, an
 * encoder adds up to 457 bytes; an RLN proof takes 340, `meta` 66; 161 are left for the content topic.
 */
const MESSAGE_OVERHEAD = 1_024;

/** Bytes of payload that fit a Waku message whichever encoder makes it, with a content topic of up to 161 bytes. */
export const DEFAULT_MAX_MESSAGE_SIZE = MAX_WAKU_MESSAGE_SIZE - MESSAGE_OVERHEAD;
