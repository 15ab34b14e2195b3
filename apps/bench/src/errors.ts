/**
 * The one error class of the benchmarks: what the person at the terminal should read.
 * @module
 */

/**
 * - `INVALID_OPTION`: an argument is out of range; the message names it
 * - `UNKNOWN_AREA`, `UNKNOWN_CASE`: the message lists those that exist
 * - `DEADLINE`: something that was waited for did not happen in time
 * - `CASE_FAILED`: a case could not be measured; `cause` says why
 * - `INTERRUPTED`: by a signal of the operating system
 */
export type BenchErrorCode =
  | "INVALID_OPTION"
  | "UNKNOWN_AREA"
  | "UNKNOWN_CASE"
  | "DEADLINE"
  | "CASE_FAILED"
  | "INTERRUPTED";

export class BenchError extends Error {
  override readonly name = "BenchError";
  readonly code: BenchErrorCode;
  constructor(code: BenchErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Not by `instanceof`: some test runners have an Error of their own. */
export function messageOf(error: unknown): string {
  return typeof error === "object" && error !== null && "message" in error ? String(error.message) : String(error);
}
