/**
 * The one error class of the SDK.
 * Errors of the store (`StoreError`: locked, wrong key, corrupt, …) reach the caller as they are.
 * @module
 */

/**
 * Codes are API: add new ones, keep old ones. Message text may change in any release.
 *
 * - `INVALID_OPTION`: an option or argument is out of range; the message names it
 * - `INVALID_INVITE`: the link is cut off, altered, or not an invite
 * - `OWN_INVITE`: the link was made by this very account
 * - `TOO_MANY_INVITES`: 100 invites are waiting to be used
 * - `MESSAGE_TOO_LARGE`: over 100 MB
 * - `CONVERSATION_FULL`: thousands of messages of this conversation are unconfirmed; later it works again
 * - `OUTBOX_FULL`: too much waits to leave; later it works again
 * - `MESSAGE_DROPPED`: quota was low and the message optional, so it was not sent
 * - `MESSAGE_CANCELLED`: one of both sides ended the transfer before all of it had arrived
 * - `MESSAGE_FAILED`: the network refused the message for good
 * - `PEER_UNREACHABLE`: none of the service nodes answers
 * - `DELIVERY_REFUSED`: a service node refused a message; `retryable` says whether later may work
 * - `NOT_FOUND`: no such conversation or message in this database
 * - `RESTORED`: the database was restored, and what the conversation was encrypted with must not be used again; it goes on
 *   after a new invite, from either side
 * - `BLOCKED`: the account was blocked here
 * - `CLOSED`: the client was closed
 */
export type ChatErrorCode =
  | "INVALID_OPTION"
  | "INVALID_INVITE"
  | "OWN_INVITE"
  | "TOO_MANY_INVITES"
  | "MESSAGE_TOO_LARGE"
  | "CONVERSATION_FULL"
  | "OUTBOX_FULL"
  | "MESSAGE_DROPPED"
  | "MESSAGE_CANCELLED"
  | "MESSAGE_FAILED"
  | "PEER_UNREACHABLE"
  | "DELIVERY_REFUSED"
  | "NOT_FOUND"
  | "RESTORED"
  | "BLOCKED"
  | "CLOSED";

export interface ChatErrorOptions extends ErrorOptions {
  /** Whether the same call may succeed later. @default false */
  readonly retryable?: boolean;
}

export class ChatError extends Error {
  override readonly name = "ChatError";
  readonly code: ChatErrorCode;
  readonly retryable: boolean;
  constructor(code: ChatErrorCode, message: string, { retryable = false, ...options }: ChatErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.retryable = retryable;
  }
}

/** For a programmer's mistake: names the option and what it takes. */
export function invalid(option: string, wanted: string, seen: unknown): ChatError {
  return new ChatError("INVALID_OPTION", `${option}: want ${wanted}, got ${String(seen)}`);
}
