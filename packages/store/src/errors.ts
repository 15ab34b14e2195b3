/**
 * The one error class of every store, whatever is underneath.
 * @module
 */

/**
 * Codes are API: add new ones, keep old ones. Message text may change in any release.
 *
 * - `CLOSED`: the store was closed before the call
 * - `STORE_LOCKED`: another owner, in this process or another, has the database open
 * - `WRONG_KEY`: the database is fine, the key or passphrase is not the one it was made with, or is missing
 * - `KEY_UNAVAILABLE`: who was to give the key, such as a keychain, failed or has none
 * - `CORRUPT`: the database is damaged, tampered with, or not a database
 * - `SCHEMA_TOO_NEW`: a newer version of the package wrote the database
 * - `IDENTITY_EXISTS`: the database already has another identity, and it is never replaced
 * - `INVALID_OPTION`: an argument of a call or of the opening is out of range
 * - `INVALID_RECORD`: a record breaks the rules of the port, or names a conversation or invite that is not there
 * - `RESTORED_SESSION`: a session of before a restore was to be written; it can only be deleted
 * - `TRANSACTION_ENDED`: a transaction was used after its `change` had returned
 * - `IO`: disk full, read-only, no permission …; the system's error is the `cause`
 */
export type StoreErrorCode =
  | "CLOSED"
  | "STORE_LOCKED"
  | "WRONG_KEY"
  | "KEY_UNAVAILABLE"
  | "CORRUPT"
  | "SCHEMA_TOO_NEW"
  | "IDENTITY_EXISTS"
  | "INVALID_OPTION"
  | "INVALID_RECORD"
  | "RESTORED_SESSION"
  | "TRANSACTION_ENDED"
  | "IO";

/** The process of this machine that has a database open, and when it was started (Unix epoch). */
export type StoreHolder = { readonly pid: number; readonly startedAtMs: number };

export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: StoreErrorCode;
  /** With `STORE_LOCKED`, as far as it is known. */
  readonly holder?: StoreHolder;
  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions & { readonly holder?: StoreHolder }) {
    super(message, options);
    this.code = code;
    if (options?.holder !== undefined) this.holder = options.holder;
  }
}
