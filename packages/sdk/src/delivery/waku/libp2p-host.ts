/**
 * The libp2p host of an unmodified @waku/sdk, and requests over it that say whom they go to, how long they may take, and
 * with which status they were refused: the light node of the SDK decides all three by itself, and hides the last.
 * @module
 */
import { multiaddr } from "@multiformats/multiaddr";
import { ChatError } from "../../errors.ts";
import { Libp2pLink } from "./libp2p-link.ts";
import type { OpenHost } from "./node-link.ts";
import { type Connection, frames, type Stream } from "./streams.ts";
import { decodePushedMessage, FILTER_PUSH, timestampMsOf, toWakuMessage, type WakuMessage } from "./wire.ts";

/** Filter pushes come one message at a time, of which Waku allows 150 KiB. */
const MAX_PUSHED_BYTES = 512 * 1024;
const MAX_PUSH_STREAMS = 100;

const UNHASHED = { version: 0, rateLimitProof: undefined, ephemeral: undefined };

type Identified = {
  readonly promise: Promise<readonly string[]>;
  readonly resolve: (protocols: readonly string[]) => void;
};

export const openHost: OpenHost = async ({ clusterId, shards, onPushed }) => {
  // Loaded only here: importing the SDK costs nothing for who brings a network of their own.
  const { defaultLibp2p, utils, waku } = await import("@waku/sdk");
  const libp2p = await defaultLibp2p(clusterId, {
    hideWebSocketInfo: true,
    filterMultiaddrs: false,
    // Our own pings are gentler with a process that is busy, and quicker with one that was asleep.
    connectionMonitor: { enabled: false },
  });
  const shardOf = (topic: string) => utils.contentTopicToPubsubTopic(topic, clusterId, shards);
  const network = {
    shardOf,
    hashOf: (pubsubTopic: string, { contentTopic, payload, timestamp, meta }: WakuMessage) =>
      waku.messageHashStr(pubsubTopic, { contentTopic, payload, timestamp, meta, ...UNHASHED }),
  };
  const identified = new Map<string, Identified>();
  const identityOf = ({ id }: Connection) => {
    const known = identified.get(id) ?? Promise.withResolvers<readonly string[]>();
    identified.set(id, known);
    return known;
  };
  libp2p.addEventListener("peer:identify", ({ detail }) => {
    identityOf(detail.connection).resolve(detail.protocols);
  });
  libp2p.addEventListener("connection:close", ({ detail }) => identified.delete(detail.id));
  const listen = ({ stream, connection }: { stream: Stream; connection: Connection }) =>
    void readPushes(stream, (pubsubTopic, message) => {
      const { contentTopic: topic, payload } = message;
      const hash = network.hashOf(pubsubTopic, message);
      onPushed({ topic, payload, timestampMs: timestampMsOf(message), hash }, String(connection.remotePeer));
    });
  await libp2p.handle(FILTER_PUSH, listen, { maxInboundStreams: MAX_PUSH_STREAMS });
  return {
    async dial(address, signal) {
      const connection = await libp2p.dial(multiaddr(address), { signal });
      const protocols = await untilAborted(identityOf(connection).promise, signal, () => abort(connection));
      // Anybody can listen on an address; only a node that serves Waku is of use.
      if (!protocols.some((protocol) => protocol.startsWith("/vac/waku/"))) {
        abort(connection);
        throw new ChatError("PEER_UNREACHABLE", `${address} is no Waku service node`, { retryable: true });
      }
      return new Libp2pLink(libp2p, connection, protocols, network);
    },
    hashOf: (message) => network.hashOf(shardOf(message.topic), toWakuMessage(message)),
    shardOf,
    close: async () => {
      await libp2p.stop();
    },
  };
};

function abort(connection: Connection): void {
  connection.abort(new Error("given up"));
}

async function untilAborted<Result>(work: Promise<Result>, signal: AbortSignal, onAbort: () => void): Promise<Result> {
  const aborted = Promise.withResolvers<never>();
  const listener = () => {
    onAbort();
    aborted.reject(signal.reason);
  };
  if (signal.aborted) listener();
  signal.addEventListener("abort", listener);
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", listener);
    aborted.promise.catch(() => {});
  }
}

type Pushed = NonNullable<ReturnType<typeof decodePushedMessage>["wakuMessage"]>;

/** As long as the stream lasts; whatever breaks it, another one or the history brings what follows. */
async function readPushes(stream: Stream, take: (pubsubTopic: string, message: Pushed) => void): Promise<void> {
  try {
    for await (const frame of frames(stream, MAX_PUSHED_BYTES)) {
      const { pubsubTopic, wakuMessage } = decodePushedMessage(frame);
      if (pubsubTopic !== undefined && wakuMessage !== undefined) take(pubsubTopic, wakuMessage);
    }
    await stream.close();
  } catch (error) {
    stream.abort(error instanceof Error ? error : new Error(String(error)));
  }
}
