/**
 * The request protocols of a service node, each with its limit for a peer.
 * @module
 */
import type { StreamHandler } from "@libp2p/interface";
import type { Counters } from "./counters.ts";
import type { Faults } from "./faults.ts";
import { FILTER_SUBSCRIBE_CODEC, type FilterService } from "./filter.ts";
import type { Host } from "./host/host.ts";
import {
  LIGHT_PUSH_CODEC,
  LIGHT_PUSH_CODEC_V2,
  lightPushHandler,
  lightPushHandlerV2,
  type Publish,
} from "./light-push.ts";
import type { ArchivePage, ArchiveQuery, MessageArchive } from "./message-archive.ts";
import { METADATA_CODEC, metadataHandler } from "./metadata.ts";
import type { Network } from "./network.ts";
import { PEER_EXCHANGE_CODEC, peerExchangeHandler } from "./peer-exchange.ts";
import type { PeerLimiter } from "./peer-limits.ts";
import { STORE_CODEC, storeHandler } from "./store-protocol.ts";
import { MAX_REQUEST_STREAMS } from "./streams.ts";

export type Limiters = Readonly<Record<"push" | "filter" | "store" | "exchange", PeerLimiter>>;

export interface ProtocolsDeps {
  readonly network: Network;
  readonly counters: Counters;
  readonly limiters: Limiters;
  readonly faults: Faults;
  readonly filter: FilterService;
  readonly archive: MessageArchive;
  readonly publish: Publish;
  /** The signed records of the nodes that can be reached now. */
  readonly records: () => readonly Uint8Array[];
}

/** To be called before `host` starts, so that nobody connects too early. */
export async function mountProtocols(host: Host, deps: ProtocolsDeps): Promise<void> {
  for (const [codec, handler] of handlers(deps)) {
    await host.handle(codec, handler, { maxInboundStreams: MAX_REQUEST_STREAMS });
  }
}

const NO_HISTORY: ArchivePage = { kind: "page", messages: [] };

function handlers(deps: ProtocolsDeps): [codec: string, handler: StreamHandler][] {
  const { network, counters, limiters, faults, filter, publish, records } = deps;
  const push = { network, counters, publish, limiter: limiters.push, refusal: () => faults.refusal() };
  const archive = { query: (query: ArchiveQuery) => (faults.amnesia ? NO_HISTORY : deps.archive.query(query)) };
  return [
    [PEER_EXCHANGE_CODEC, peerExchangeHandler({ counters, limiter: limiters.exchange, records })],
    [METADATA_CODEC, metadataHandler(network, counters)],
    [LIGHT_PUSH_CODEC, lightPushHandler(push)],
    [LIGHT_PUSH_CODEC_V2, lightPushHandlerV2(push)],
    [FILTER_SUBSCRIBE_CODEC, filter.handler],
    [STORE_CODEC, storeHandler({ archive, counters, limiter: limiters.store })],
  ];
}
