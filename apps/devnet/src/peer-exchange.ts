/**
 * Tells a light node which other nodes there are.
 * Spec: 34/WAKU2-PEER-EXCHANGE, version 2.0.0-alpha1.
 * @module
 */
import type { StreamHandler } from "@libp2p/interface";
import { proto_peer_exchange } from "@waku/proto";
import type { Counters } from "./counters.ts";
import type { PeerLimiter } from "./peer-limits.ts";
import { requestHandler } from "./streams.ts";

export const PEER_EXCHANGE_CODEC = "/vac/waku/peer-exchange/2.0.0-alpha1";
const MAX_REQUEST_BYTES = 8 * 1024;

export interface PeerExchangeDeps {
  readonly counters: Counters;
  readonly limiter: PeerLimiter;
  /** Signed records of the nodes that can be reached. */
  readonly records: () => readonly Uint8Array[];
}

export function peerExchangeHandler({ counters, limiter, records }: PeerExchangeDeps): StreamHandler {
  return requestHandler({
    maxRequestBytes: MAX_REQUEST_BYTES,
    counters,
    answer: async (bytes, { remotePeer }) => {
      const wanted = wantedPeers(bytes);
      if (wanted === undefined) {
        counters.dropped.malformed += 1;
        return undefined;
      }
      // The protocol has no status to refuse with.
      if (!limiter.allows(remotePeer.toString())) {
        counters.dropped["rate-limited"] += 1;
        return undefined;
      }
      const peerInfos = records()
        .slice(0, wanted)
        .map((enr) => ({ enr }));
      return proto_peer_exchange.PeerExchangeRPC.encode({ response: { peerInfos } });
    },
  });
}

function wantedPeers(bytes: Uint8Array): number | undefined {
  try {
    const { query } = proto_peer_exchange.PeerExchangeRPC.decode(bytes);
    return query === undefined ? undefined : Number(query.numPeers ?? 0n);
  } catch {
    return undefined;
  }
}
