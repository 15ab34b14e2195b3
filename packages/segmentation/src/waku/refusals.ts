/**
 * Which answers to a push are final.
 * @module
 */
import type { LightPushError } from "@waku/sdk";

/** Refusals that the same bytes will meet again, whenever and wherever they are pushed. */
const PERMANENT: readonly string[] = [
  "Failed to encode",
  "Payload is empty",
  "Size is too big",
  "Bad request format",
  "Message payload exceeds maximum size",
  "Message validation failed",
] satisfies `${LightPushError}`[];

/** @param reason - as @waku/sdk words it, in `LightPushError` */
export function isPermanent(reason: string): boolean {
  return PERMANENT.includes(reason);
}
