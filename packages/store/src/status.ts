/**
 * The order in which the status of a message may change, shared by all stores. Pure.
 * @module
 */
import type { MessageStatus, OutgoingStatus } from "./messages.ts";

/** For each wanted status, those it may follow. A late acknowledgement proves delivery, even after `failed`; what is read is. */
const MAY_FOLLOW: Readonly<Record<OutgoingStatus, readonly MessageStatus[]>> = {
  queued: [],
  sent: ["queued"],
  delivered: ["queued", "sent", "failed"],
  read: ["queued", "sent", "failed", "delivered"],
  failed: ["queued", "sent"],
  cancelled: ["queued", "sent", "failed"],
  dropped: ["queued"],
};

/** The status after asking for `wanted`: `wanted` where that is a step forward, else `current`. */
export function nextStatus(current: MessageStatus, wanted: OutgoingStatus): MessageStatus {
  return MAY_FOLLOW[wanted].includes(current) ? wanted : current;
}
