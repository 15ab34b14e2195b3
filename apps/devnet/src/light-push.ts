/**
 * Takes messages from light nodes. A success is answered only when the message is in the store.
 * Spec: 19/WAKU2-LIGHTPUSH, versions 3.0.0 and 2.0.0-beta1.
 * @module
 */
import type { StreamHandler } from "@libp2p/interface";
import { proto_lightpush } from "@waku/proto";
import { contentTopicToPubsubTopic } from "@waku/utils";
import type { Counters, DropReason } from "./counters.ts";
import type { WireMessage } from "./message.ts";
import type { Network } from "./network.ts";
import type { PeerLimiter } from "./peer-limits.ts";
import { requestHandler } from "./streams.ts";

export const LIGHT_PUSH_CODEC = "/vac/waku/lightpush/3.0.0";
export const LIGHT_PUSH_CODEC_V2 = "/vac/waku/lightpush/2.0.0-beta1";

// The SDK sends up to 1 MiB; a request above the message limit must still be read to be refused with its status.
const MAX_REQUEST_BYTES = 1024 * 1024 + 64 * 1024;
// What the reply to an unreadable request carries, as it has no id of its own.
const UNKNOWN_REQUEST = "N/A";

const STATUS = {
  success: 200,
  badRequest: 400,
  tooLarge: 413,
  invalidMessage: 420,
  unsupportedTopic: 421,
  tooManyRequests: 429,
  internalError: 500,
  noRlnProof: 504,
} as const;

export type Published =
  | { readonly kind: "published"; readonly relayPeers: number }
  | { readonly kind: "refused"; readonly reason: DropReason; readonly detail: string };

/** Stores and spreads one message. */
export type Publish = (pubsubTopic: string, message: WireMessage, peer: string) => Promise<Published>;

type Outcome = { readonly status: number; readonly detail?: string; readonly relayPeers?: number };

export interface LightPushDeps {
  readonly network: Network;
  readonly counters: Counters;
  readonly limiter: PeerLimiter;
  /** A status to refuse with on purpose. */
  readonly refusal: () => number | undefined;
  readonly publish: Publish;
}

export function lightPushHandler(deps: LightPushDeps): StreamHandler {
  return requestHandler({
    maxRequestBytes: MAX_REQUEST_BYTES,
    counters: deps.counters,
    answer: async (bytes, { remotePeer }) => {
      const request = decoded(() => proto_lightpush.LightPushRequestV3.decode(bytes));
      const outcome = await push(remotePeer.toString(), request?.pubsubTopic, request?.message, deps);
      return proto_lightpush.LightPushResponseV3.encode({
        requestId: request?.requestId ?? UNKNOWN_REQUEST,
        statusCode: outcome.status,
        ...(outcome.detail === undefined ? {} : { statusDesc: outcome.detail }),
        ...(outcome.relayPeers === undefined ? {} : { relayPeerCount: outcome.relayPeers }),
      });
    },
  });
}

export function lightPushHandlerV2(deps: LightPushDeps): StreamHandler {
  return requestHandler({
    maxRequestBytes: MAX_REQUEST_BYTES,
    counters: deps.counters,
    answer: async (bytes, { remotePeer }) => {
      const rpc = decoded(() => proto_lightpush.PushRpc.decode(bytes));
      const { pubsubTopic, message } = rpc?.request ?? {};
      const { status, detail } = await push(remotePeer.toString(), pubsubTopic, message, deps);
      const isSuccess = status === STATUS.success;
      const response = { isSuccess, ...(detail === undefined ? {} : { info: detail }) };
      return proto_lightpush.PushRpc.encode({ requestId: rpc?.requestId ?? UNKNOWN_REQUEST, response });
    },
  });
}

async function push(
  peer: string,
  pubsubTopic: string | undefined,
  message: WireMessage | undefined,
  { network, counters, limiter, refusal, publish }: LightPushDeps,
): Promise<Outcome> {
  if (!limiter.allows(peer)) {
    counters.dropped["rate-limited"] += 1;
    return { status: STATUS.tooManyRequests, detail: "too many requests: wait, then push again" };
  }
  const refused = refusal();
  if (refused !== undefined) {
    counters.dropped.fault += 1;
    return { status: refused, detail: "refused on purpose, by the faults of this devnet" };
  }
  if (message === undefined) {
    counters.dropped.malformed += 1;
    return { status: STATUS.badRequest, detail: "want a message, got none" };
  }
  const topic = pubsubTopic || shardOf(message.contentTopic, network);
  if (topic === undefined) {
    counters.dropped.malformed += 1;
    return {
      status: STATUS.invalidMessage,
      detail: "content topic: want /application/version/name/encoding",
    };
  }
  const published = await publish(topic, message, peer);
  if (published.kind === "refused") {
    counters.dropped[published.reason] += 1;
    return { status: statusOf(published.reason), detail: published.detail };
  }
  counters.pushed += 1;
  return { status: STATUS.success, relayPeers: published.relayPeers };
}

function decoded<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch {
    return undefined;
  }
}

function shardOf(contentTopic: string, { clusterId, shards }: Network): string | undefined {
  try {
    return contentTopicToPubsubTopic(contentTopic, clusterId, shards);
  } catch {
    return undefined;
  }
}

function statusOf(reason: DropReason): number {
  switch (reason) {
    case "too-large":
      return STATUS.tooLarge;
    case "unsupported-topic":
      return STATUS.unsupportedTopic;
    case "rln-stale":
      return STATUS.noRlnProof;
    case "archive-failed":
      return STATUS.internalError;
    default:
      return STATUS.invalidMessage;
  }
}
