/**
 * The code of a failure of Node or SQLite.
 * @module
 */

/** By the property and not by `instanceof Error`: errors of Node's own realm are no `Error`s in a jest sandbox. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
