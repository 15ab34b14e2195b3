/**
 * Which daemon this is.
 * @module
 */
import { readFileSync } from "node:fs";

/**
 * Grows with every addition to `proto/chat/daemon/v1`. The clients in `bindings/` carry the revision that they were written
 * for, and refuse a daemon with a lower one.
 */
export const API_REVISION = 1;

/** Set where the daemon is one file, and its manifest is not beside it. */
declare const CHATD_VERSION: string | undefined;

export function daemonVersion(): string {
  if (typeof CHATD_VERSION === "string") return CHATD_VERSION;
  const manifest: unknown = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  return typeof manifest === "object" && manifest !== null ? String(Reflect.get(manifest, "version")) : "";
}
