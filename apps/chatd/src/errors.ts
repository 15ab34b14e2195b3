/**
 * What goes wrong in the daemon itself. Errors of the SDK reach callers under their own codes: see `call-errors.ts`.
 * @module
 */

/**
 * Codes are API: add new ones, keep old ones. Message text may change in any release.
 *
 * - `INVALID_OPTION`: an option or argument is out of range; the message names it
 * - `UNAUTHENTICATED`: the call came without the token, or with another one
 * - `ACCOUNT_NOT_OPEN`: open it with OpenAccount first
 * - `ACCOUNT_DIFFERS`: it is open already, with another network, passphrase or setting
 * - `UPLOADS_FULL`: so many bytes are being uploaded that no further file has room; later it works again
 * - `CURSOR_INVALID`: not a cursor of this daemon
 * - `SOCKET_IN_USE`: another daemon, or another program, listens there
 * - `INTERNAL`: a mistake of the daemon; its log says more
 */
export type DaemonErrorCode =
  | "INVALID_OPTION"
  | "UNAUTHENTICATED"
  | "ACCOUNT_NOT_OPEN"
  | "ACCOUNT_DIFFERS"
  | "UPLOADS_FULL"
  | "CURSOR_INVALID"
  | "SOCKET_IN_USE"
  | "INTERNAL";

export class DaemonError extends Error {
  override readonly name = "DaemonError";
  readonly code: DaemonErrorCode;
  readonly retryable: boolean;
  constructor(code: DaemonErrorCode, message: string, options: ErrorOptions & { readonly retryable?: boolean } = {}) {
    super(message, options);
    this.code = code;
    this.retryable = options.retryable ?? false;
  }
}
