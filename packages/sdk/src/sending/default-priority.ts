/**
 * What goes first when the network takes less than there is.
 * @module
 */
import type { AnyContent } from "@chat/codec";
import type { OutboxPriority } from "@chat/store";

/** What somebody waits for goes first, and a file takes what that leaves. */
export function defaultPriority({ kind }: AnyContent): OutboxPriority {
  switch (kind) {
    case "text":
    case "reply":
    case "edit":
    case "delete":
      return "critical";
    default:
      return "normal";
  }
}
