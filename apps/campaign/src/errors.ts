/**
 * The one error class of the campaigns: what the person at the terminal should read.
 * @module
 */

/**
 * - `INVALID_OPTION`: an argument is out of range; the message names it
 * - `UNKNOWN_CAMPAIGN`: the message lists those that exist
 * - `BATCH_FAILED`: something was found; `cause` says what, the message how to repeat it
 * - `DEADLINE`: a batch did not end in time, which counts as a finding too
 * - `MEMORY`: the process grew beyond the bound of the campaign
 * - `INTERRUPTED`: by a signal of the operating system
 */
export type CampaignErrorCode =
  | "INVALID_OPTION"
  | "UNKNOWN_CAMPAIGN"
  | "BATCH_FAILED"
  | "DEADLINE"
  | "MEMORY"
  | "INTERRUPTED";

export class CampaignError extends Error {
  override readonly name = "CampaignError";
  readonly code: CampaignErrorCode;
  constructor(code: CampaignErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Not by `instanceof`: errors also come from worker threads, and some test runners have an Error of their own. */
export function messageOf(error: unknown): string {
  return typeof error === "object" && error !== null && "message" in error ? String(error.message) : String(error);
}

export function stackOf(error: unknown): string {
  return typeof error === "object" && error !== null && "stack" in error ? String(error.stack) : "";
}
