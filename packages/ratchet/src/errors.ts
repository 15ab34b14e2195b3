/**
 * The one error class of this package.
 * @module
 */

/**
 * Codes are API: add new ones, keep old ones. Message text may change in any release.
 *
 * - `INVALID_PUBLIC_KEY`: not 32 bytes, not canonical, or of low order
 * - `INVALID_SECRET_KEY`: not 32 bytes
 * - `INVALID_OPTION`: an argument that the caller chose is out of range
 * - `INVALID_STATE`: the bytes are not a snapshot that this version can read
 * - `CANNOT_SEND`: the responder has received nothing yet, so it has no key to send to
 * - `CHAIN_EXHAUSTED`: the sending chain used all of its 2^32 - 1 numbers
 */
export type RatchetErrorCode =
  | "INVALID_PUBLIC_KEY"
  | "INVALID_SECRET_KEY"
  | "INVALID_OPTION"
  | "INVALID_STATE"
  | "CANNOT_SEND"
  | "CHAIN_EXHAUSTED";

export class RatchetError extends Error {
  override readonly name = "RatchetError";
  readonly code: RatchetErrorCode;
  constructor(code: RatchetErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
