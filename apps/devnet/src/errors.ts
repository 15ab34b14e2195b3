/** Codes are API: add new ones, keep old ones. Message text may change in any release. */
export type DevnetErrorCode =
  /** An option is out of its range; the message names the option and the range. */
  | "INVALID_OPTION"
  /** Another process listens on a wanted port. */
  | "PORT_IN_USE"
  /** The host and port cannot be listened on for another reason. */
  | "LISTEN_FAILED"
  /** The data directory cannot be read or written, or another devnet uses it. */
  | "DATA_DIR_UNUSABLE"
  /** The service nodes did not find each other in time. */
  | "LINK_TIMEOUT"
  /** A node of a closed devnet was asked to start. */
  | "CLOSED"
  /** What was asked of RLN cannot be done: an index beyond the limit, a membership that is not there, no proof. */
  | "RLN_REFUSED"
  /** The RLN program failed in the middle; it is opened anew with the next request. */
  | "RLN_BROKEN"
  /** A file of memberships cannot be read or written, or holds something else. */
  | "RLN_FILES_UNUSABLE";

export class DevnetError extends Error {
  override readonly name = "DevnetError";
  readonly code: DevnetErrorCode;
  constructor(code: DevnetErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The `code` of an error, ours or of the platform. Not by `instanceof`: some test runners have an Error of their own. */
export function codeOf(error: unknown): string | undefined {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}
