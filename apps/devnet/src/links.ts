/**
 * Keeps the service nodes of a devnet connected to each other.
 * @module
 */
import { setTimeout as pause } from "node:timers/promises";
import type { GossipSub } from "@chainsafe/libp2p-gossipsub";
import type { Libp2p } from "@libp2p/interface";
import type { Multiaddr } from "@multiformats/multiaddr";
import { waitForSubscriber } from "./relay.ts";

const LINK_TIMEOUT_MS = 15_000;
const MIN_PAUSE_MS = 50;
const MAX_PAUSE_MS = 2_000;

/** A started libp2p host that takes part in relay. */
export type RelayHost = Libp2p<{ relay: GossipSub }>;

/**
 * Connects two hosts and waits until messages on all of `topics` would flow both ways.
 * Rejects when that takes 15 s, or when `signal` aborts.
 */
export async function link(
  own: RelayHost,
  other: RelayHost,
  topics: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<void> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(LINK_TIMEOUT_MS)]);
  // Direct peers pass every message on to each other at once. The mesh forms a second later, and until then a message
  // that came from elsewhere would stay with the node that it reached.
  own.services.relay.direct.add(other.peerId.toString());
  other.services.relay.direct.add(own.peerId.toString());
  const addresses = other.getMultiaddrs().filter((address) => !isWebSocket(address));
  await own.dial(addresses, { signal: deadline });
  await Promise.all([
    waitForSubscriber(own.services.relay, topics, other.peerId.toString(), deadline),
    waitForSubscriber(other.services.relay, topics, own.peerId.toString(), deadline),
  ]);
}

/**
 * Links again whenever a connection to a sibling breaks, until `signal` aborts or the sibling is gone. (libp2p has
 * this for tagged peers, but version 2.8 uses up its retries within milliseconds and forgets addresses after an hour.)
 *
 * @param findSibling - the running host of a peer id; undefined for everybody else
 * @param onRelinked - called when messages flow again
 */
export function keepLinked(
  own: RelayHost,
  findSibling: (peerId: string) => RelayHost | undefined,
  topics: ReadonlySet<string>,
  signal: AbortSignal,
  onRelinked: (peerId: string) => void = () => {},
): void {
  const relink = async (peerId: string) => {
    let pauseMs = MIN_PAUSE_MS;
    for (;;) {
      const sibling = findSibling(peerId);
      if (sibling === undefined || signal.aborted) return;
      try {
        await link(own, sibling, topics, signal);
        onRelinked(peerId);
        return;
      } catch {
        await pause(pauseMs, undefined, { signal }).catch(() => {});
        pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS);
      }
    }
  };
  const onDisconnect = (peerId: string) => {
    own.services.relay.direct.delete(peerId);
    void relink(peerId);
  };
  own.addEventListener("peer:disconnect", ({ detail }) => onDisconnect(detail.toString()), { signal });
}

export function isWebSocket(address: Multiaddr): boolean {
  return address.protoNames().includes("ws");
}
