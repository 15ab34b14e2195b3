/**
 * The one error class of this package.
 * @module
 */

/**
 * Codes are API: add new ones, keep old ones. Message text may change in any release.
 *
 * - `INVALID_INVITE`: the link is no invite that can be trusted; the message says what to do about it
 * - `INVALID_OPTION`: an argument that the caller chose is out of range
 * - `INVALID_CONTENT`: a content to send is not what its type describes
 */
export type CodecErrorCode = "INVALID_INVITE" | "INVALID_OPTION" | "INVALID_CONTENT";

export class CodecError extends Error {
  override readonly name = "CodecError";
  readonly code: CodecErrorCode;
  constructor(code: CodecErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
