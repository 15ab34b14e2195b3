/**
 * The libp2p host of a service node: transports, encryption, muxers, limits, and the services that libp2p brings.
 * @module
 */
import type { GossipSub } from "@chainsafe/libp2p-gossipsub";
import { noise } from "@chainsafe/libp2p-noise";
import { yamux } from "@chainsafe/libp2p-yamux";
import { type Identify, identify } from "@libp2p/identify";
import type { Libp2p, PeerId, PrivateKey } from "@libp2p/interface";
import { mplex } from "@libp2p/mplex";
import { type Ping, ping } from "@libp2p/ping";
import { tcp } from "@libp2p/tcp";
import { webSockets } from "@libp2p/websockets";
import { all } from "@libp2p/websockets/filters";
import { createLibp2p } from "libp2p";
import type { NodeFiles } from "../node-files.ts";
import { relayService } from "../relay.ts";
import { gatheringWrites } from "./gathered-writes.ts";
import { rememberProtocols } from "./known-protocols.ts";
import { noiseCrypto } from "./noise-crypto.ts";
import { logger } from "./silent-logger.ts";

/** As many subscribers as the filter takes, and as many who only push or ask. */
const MAX_CONNECTIONS = 2_000;
const SILENCE_MS = 30_000;

export type Host = Libp2p<{ identify: Identify; ping: Ping; relay: GossipSub }>;

export interface HostOptions {
  readonly privateKey: NodeFiles["privateKey"];
  /** Multiaddrs. */
  readonly listen: readonly string[];
  /** Peers that may neither be dialled nor connect. */
  readonly isApart: (peer: PeerId) => boolean;
}

/** Not started yet, so that protocols can be mounted before anybody connects. */
export async function createHost({ privateKey, listen, isApart }: HostOptions): Promise<Host> {
  const host = await createLibp2p({
    start: false,
    ...(logger !== undefined && { logger }),
    // @libp2p/crypto types its keys by a newer @libp2p/interface than libp2p 2.8 does; the objects are the same.
    privateKey: privateKey as PrivateKey,
    addresses: { listen: [...listen] },
    transports: [webSockets({ filter: all }), tcp()],
    connectionEncrypters: [noise({ crypto: noiseCrypto })],
    // Light nodes speak mplex only.
    // By default it cuts a connection for a sixth message in a second to a stream that is gone: the last words of a ping
    // that ended, of which a burst has more (`push-queue.ts`).
    streamMuxers: [gatheringWrites(yamux()), gatheringWrites(mplex({ disconnectThreshold: 1_000 }))],
    connectionGater: {
      denyDialPeer: isApart,
      denyInboundEncryptedConnection: isApart,
      denyDialMultiaddr: () => false,
    },
    // libp2p asks each peer every 10 s whether it is there, and by default cuts it off after 5 s of silence: a client that
    // is busy with a burst may take longer than that, and loses its subscription.
    connectionMonitor: { pingTimeout: { minTimeout: SILENCE_MS } },
    connectionManager: {
      maxConnections: MAX_CONNECTIONS,
      // The default refuses the sixth connection of a second, and all of ours come from one host.
      inboundConnectionThreshold: MAX_CONNECTIONS,
      maxIncomingPendingConnections: MAX_CONNECTIONS,
    },
    services: {
      identify: identify({ agentVersion: "chat-devnet" }),
      // One outbound stream would make our pings and those that libp2p watches its connections with get in each other's way.
      ping: ping({ maxInboundStreams: 16, maxOutboundStreams: 16 }),
      relay: relayService(),
    },
  });
  rememberProtocols(host);
  return host;
}
