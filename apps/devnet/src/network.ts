/**
 * Which network the devnet is, and the limits every node of it enforces.
 * Specs: 14/WAKU2-MESSAGE, 23/WAKU2-TOPICS, 51/WAKU2-RELAY-SHARDING, 64/WAKU2-NETWORK.
 * @module
 */

/** No public network uses this cluster, so a devnet node cannot be mistaken for one of theirs. */
export const DEVNET_CLUSTER_ID = 42;
/** Autosharding spreads content topics over this many shards. */
export const DEVNET_SHARDS = 8;

/** Largest Waku message, encoded: 150 KiB, as on the public network. */
export const MAX_MESSAGE_BYTES = 150 * 1024;

// A Waku message may be this far from the clock of the node. The public network allows 20 s both ways (through RLN
// epochs); a client that retries with a pinned timestamp needs longer into the past on a network without RLN.
const MAX_AHEAD_MS = 20_000;
export const MAX_AGE_MS = 10 * 60_000;

export type Network = { readonly clusterId: number; readonly shards: number };

export function pubsubTopics({ clusterId, shards }: Network): string[] {
  return Array.from({ length: shards }, (_, shard) => `/waku/2/rs/${clusterId}/${shard}`);
}

/** @param timestampNs - nanoseconds since the Unix epoch, as in the message */
export function isTimely(timestampNs: bigint, nowMs: number): boolean {
  const ageMs = nowMs - Number(timestampNs / 1_000_000n);
  return ageMs <= MAX_AGE_MS && ageMs >= -MAX_AHEAD_MS;
}
