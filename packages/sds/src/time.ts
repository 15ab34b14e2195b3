/**
 * Time comes from the caller, in whole milliseconds since the Unix epoch.
 * @module
 */
import { SdsError } from "./errors.ts";

/**
 * Checked at every entry: a fraction would only show when the state is written, long after it got in.
 *
 * @throws {@link SdsError} `INVALID_OPTION`
 */
export function checkTime(nowMs: number): void {
  if (Number.isSafeInteger(nowMs) && nowMs >= 0) return;
  throw new SdsError("INVALID_OPTION", `nowMs: want whole milliseconds since 1970, got ${nowMs}`);
}
