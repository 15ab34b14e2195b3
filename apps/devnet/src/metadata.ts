/**
 * Tells a light node which cluster and shards this node serves; without it, light nodes find no peer to use.
 * Spec: 66/WAKU2-METADATA.
 * @module
 */
import type { StreamHandler } from "@libp2p/interface";
import { proto_metadata } from "@waku/proto";
import type { Counters } from "./counters.ts";
import type { Network } from "./network.ts";
import { requestHandler } from "./streams.ts";

export const METADATA_CODEC = "/vac/waku/metadata/1.0.0";
const MAX_REQUEST_BYTES = 8 * 1024;

export function metadataHandler({ clusterId, shards }: Network, counters: Counters): StreamHandler {
  const allShards = Array.from({ length: shards }, (_, shard) => shard);
  const reply = concat(proto_metadata.WakuMetadataResponse.encode({ clusterId, shards: allShards }), packed(allShards));
  return requestHandler({
    maxRequestBytes: MAX_REQUEST_BYTES,
    counters,
    answer: async (request) => {
      try {
        proto_metadata.WakuMetadataRequest.decode(request);
      } catch {
        counters.dropped.malformed += 1;
        return undefined;
      }
      // A peer of another cluster gets the truth and draws its own conclusion.
      return reply;
    },
  });
}

/**
 * The shards once more, as field 3 and packed: go-waku reads only these, and hangs up on a relay node without shards.
 * @param shards - each below 128, fewer than 128
 */
function packed(shards: readonly number[]): Uint8Array {
  return Uint8Array.of((3 << 3) | 2, shards.length, ...shards);
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
