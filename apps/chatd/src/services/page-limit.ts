/** How many rows a page has. @module */
import { DaemonError } from "../errors.ts";

const DEFAULT_LIMIT = 50;
/** A page is in memory as a whole. */
const MAX_LIMIT = 1000;

/** @throws {@link DaemonError} `INVALID_OPTION` */
export function pageLimit(limit: number): number {
  if (limit <= MAX_LIMIT) return limit || DEFAULT_LIMIT;
  throw new DaemonError("INVALID_OPTION", `limit: want ${MAX_LIMIT} at most, got ${limit}`);
}
