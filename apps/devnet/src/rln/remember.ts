/**
 * What was used of the limits before a restart: the store has the messages, and each carries its proof.
 * @module
 */
import { decodeMessage } from "../message.ts";
import type { MessageArchive } from "../message-archive.ts";
import type { RlnValidator } from "./validator.ts";

const PAGE = 100;

/** Ephemeral messages leave no trace in the store: what they used is forgotten with a restart. */
export function rememberStored(validator: RlnValidator, archive: MessageArchive, nowMs: number): void {
  const timeStartNs = BigInt(Math.trunc(validator.remembersSinceMs(nowMs))) * 1_000_000n;
  let cursor: Uint8Array | undefined;
  do {
    const query = { direction: "forward", limit: PAGE, timeStartNs, ...(cursor && { cursor }) } as const;
    const page = archive.query(query);
    if (page.kind !== "page") return;
    for (const { hash, bytes } of page.messages) validator.remember(hash, decodeMessage(bytes)?.rateLimitProof, nowMs);
    cursor = page.next;
  } while (cursor !== undefined);
}
