/**
 * The one error class of this package.
 * @module
 */

/**
 * Codes are API: add new ones, keep old ones. Message text may change in any release.
 *
 * - `INVALID_OPTION`: an option or argument is out of its range
 * - `QUEUE_FULL`: the queue has no room for what was submitted; nothing of it was taken
 * - `BATCH_TOO_LARGE`: no epoch could ever hold the batch
 * - `DUPLICATE_ID`: a message with this id and other bytes is known already
 * - `CLOSED`: the manager was closed
 * - `STORE_LOCKED`: another manager has the store open
 */
export type RateLimitErrorCode =
  | "INVALID_OPTION"
  | "QUEUE_FULL"
  | "BATCH_TOO_LARGE"
  | "DUPLICATE_ID"
  | "CLOSED"
  | "STORE_LOCKED";

export class RateLimitError extends Error {
  override readonly name = "RateLimitError";
  readonly code: RateLimitErrorCode;
  constructor(code: RateLimitErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
