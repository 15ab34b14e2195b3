/**
 * The one error class of this package.
 * @module
 */

/**
 * Codes are API: add new ones, keep old ones. Message text may change in any release.
 *
 * - `INVALID_OPTION`: an option is out of its range
 * - `PAYLOAD_TOO_LARGE`: the payload is larger than `maxPayloadSize`
 * - `TOO_MANY_SEGMENTS`: the payload would need more than `maxTotalSegments`
 * - `TOO_FEW_SHARDS`: fewer shards than data shards were given to `ErasureCode.decode`
 * - `SEND_FAILED`: no Waku service node took one of the segments; the message tells which and what was answered
 * - `SUBSCRIBE_FAILED`: no Waku service node took the subscription
 */
export type SegmentationErrorCode =
  | "INVALID_OPTION"
  | "PAYLOAD_TOO_LARGE"
  | "TOO_MANY_SEGMENTS"
  | "TOO_FEW_SHARDS"
  | "SEND_FAILED"
  | "SUBSCRIBE_FAILED";

export class SegmentationError extends Error {
  override readonly name = "SegmentationError";
  readonly code: SegmentationErrorCode;
  constructor(code: SegmentationErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
