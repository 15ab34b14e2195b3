/**
 * The one error class of this package.
 * @module
 */

/**
 * Codes are API: add new ones, keep old ones. Message text may change in any release.
 *
 * - `INVALID_OPTION`: an argument that the caller chose is out of range
 * - `INVALID_STATE`: the bytes are not a snapshot that this version can read
 * - `CHANNEL_FULL`: 8,192 messages are not acknowledged yet; nothing was sent
 */
export type SdsErrorCode = "INVALID_OPTION" | "INVALID_STATE" | "CHANNEL_FULL";

export class SdsError extends Error {
  override readonly name = "SdsError";
  readonly code: SdsErrorCode;
  constructor(code: SdsErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
