/**
 * What was discarded, in words that say why.
 * @module
 */
import type { DiscardReason } from "../receiving/discard-counters.ts";
import type { Check } from "./report.ts";

const EXPLANATIONS: Record<DiscardReason, string> = {
  "not-an-envelope": "are no envelopes; anybody may write to a topic",
  "newer-envelope": "are envelopes of a later version; update this program if they are for you",
  "not-for-us": "are for others who share the mailbox",
  undecryptable:
    "did not open: altered, repeated, or older than the keys that are kept (30 days, 1,000 missing messages)",
  "handshake-refused": "were for an invite that was used, expired or revoked; their senders need a new link",
  "unsupported-handshake": "are first messages of a later version; update this program and make a new link",
  "malformed-sds": "came from a peer whose program breaks the protocol (SDS)",
  "malformed-segment": "came from a peer whose program breaks the protocol (segments)",
  "malformed-frame": "came from a peer whose program breaks the protocol (frames)",
  blocked: "came from accounts that are blocked here",
  "request-full": "are more than a request may store; they come again when it is accepted",
  "unsupported-frame": "are something between clients that this version makes no use of",
};

/** Ordinary in any shared mailbox. */
const HARMLESS: readonly DiscardReason[] = ["not-for-us", "not-an-envelope"];

export function explainDiscards(counts: Readonly<Partial<Record<DiscardReason, number>>>): Omit<Check, "name"> {
  const reasons = (Object.keys(EXPLANATIONS) as DiscardReason[]).filter((reason) => (counts[reason] ?? 0) > 0);
  if (reasons.length === 0) return { state: "ok", detail: "everything that arrived could be used" };
  const detail = reasons.map((reason) => `${counts[reason]} ${EXPLANATIONS[reason]}`).join("; ");
  const isHarmless = reasons.every((reason) => HARMLESS.includes(reason));
  return { state: isHarmless ? "ok" : "warning", detail };
}
