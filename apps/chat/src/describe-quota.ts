/**
 * The quota of the network, and what a message waits for, in words.
 * @module
 */
import type { Quota, Waiting } from "@chat/sdk";

export function describeQuota({ remaining, total, lowMark, level, resetsAtMs }: Quota): string {
  if (level === "unknown") return "not known yet; what you write waits";
  const until = `until ${timeOf(new Date(resetsAtMs))}`;
  if (level === "exhausted") return `used up ${until}; what you write waits`;
  const left = `${remaining} of ${total} messages left ${until}`;
  return level === "low" ? `low: ${left}, kept for texts` : `${left}, ${lowMark} of them kept for texts`;
}

/** What a message that is queued waits for; empty if it is about to leave. */
export function describeWaiting(waiting: Waiting | undefined): string {
  const until = waiting?.until === undefined ? "" : ` until about ${timeOf(waiting.until)}`;
  switch (waiting?.reason) {
    case "connection":
      return ", waits for a connection";
    case "quota":
      return `, waits for quota${until}`;
    case "retry":
      return `, tried again${until.replace("until about", "at about")}: ${waiting.problem ?? "it did not arrive"}`;
    default:
      return "";
  }
}

function timeOf(date: Date): string {
  return date.toTimeString().slice(0, 5);
}
