/**
 * What one service node did and what it threw away. Nothing is dropped without being counted here.
 * @module
 */

/** Why something was thrown away or refused. */
export type DropReason =
  /** Bytes that are no request, or a request that makes no sense. */
  | "malformed"
  /** A request or a message above its size limit. */
  | "too-large"
  /** A pubsub topic that is no shard of this network. */
  | "unsupported-topic"
  /** A timestamp outside the accepted window. */
  | "bad-timestamp"
  /** A message this node has already. */
  | "duplicate"
  /** A request that stopped half-way. */
  | "timeout"
  /** A stream that broke before its reply was out. */
  | "aborted"
  /** A pushed message that did not fit the queue of its subscriber. */
  | "queue-full"
  /** A pushed message whose subscriber went away. */
  | "subscriber-gone"
  /** A subscription above a limit of this node. */
  | "over-limit"
  /** A request of a peer that makes too many. */
  | "rate-limited"
  /** A subscriber of whom nothing was heard for too long. */
  | "expired"
  /** A message without RLN proof, or with one that does not hold for it. */
  | "rln-invalid"
  /** An RLN proof for another epoch, or for a group that has changed: proved again, it may hold. */
  | "rln-stale"
  /** A second message in a slot that RLN gives to one. */
  | "rln-double"
  /** A message lost on purpose. */
  | "fault"
  /** A message or query the archive could not serve. */
  | "archive-failed";

const DROP_REASONS: readonly DropReason[] = [
  "malformed",
  "too-large",
  "unsupported-topic",
  "bad-timestamp",
  "duplicate",
  "timeout",
  "aborted",
  "queue-full",
  "subscriber-gone",
  "over-limit",
  "rate-limited",
  "expired",
  "rln-invalid",
  "rln-stale",
  "rln-double",
  "fault",
  "archive-failed",
];

/** All counts start at 0 with the node object and survive `stop` and `start`; `subscribers` is the number right now. */
export interface NodeCounters {
  /** Messages accepted by light push. */
  readonly pushed: number;
  /** Messages that arrived from other service nodes. */
  readonly relayed: number;
  /** Messages written to the store. */
  readonly stored: number;
  /** Messages taken over from the store of another service node, after a gap. */
  readonly caughtUp: number;
  /** Messages that left the store for their age, or for want of room. */
  readonly removed: number;
  /** Messages handed to subscribers, once for each subscriber. */
  readonly filtered: number;
  /** Pages of history served. */
  readonly queried: number;
  /** Light nodes that subscribed and are still connected. */
  readonly subscribers: number;
  readonly dropped: Readonly<Record<DropReason, number>>;
}

export type Counters = {
  -readonly [Name in Exclude<keyof NodeCounters, "dropped" | "subscribers">]: number;
} & { readonly dropped: Record<DropReason, number> };

export function createCounters(): Counters {
  const dropped = Object.fromEntries(DROP_REASONS.map((reason) => [reason, 0])) as Record<DropReason, number>;
  return { pushed: 0, relayed: 0, stored: 0, caughtUp: 0, removed: 0, filtered: 0, queried: 0, dropped };
}

/** A copy that later events do not change. */
export function snapshot(counters: Counters, subscribers: number): NodeCounters {
  return { ...counters, subscribers, dropped: { ...counters.dropped } };
}
