/**
 * Requests and answers of light push, filter and store as bytes.
 * Specs: 14/WAKU2-MESSAGE; 19/WAKU2-LIGHTPUSH, versions 3 and 2; 12/WAKU2-FILTER; 13/WAKU2-STORE, version 3.
 * @module
 */
import { proto_filter_v2, proto_lightpush, type proto_message, proto_store } from "@waku/proto";
import { ChatError } from "../../errors.ts";
import type { HistoryQuestion, PushAnswer, PushedMessage } from "./node-link.ts";

export const LIGHT_PUSH = "/vac/waku/lightpush/3.0.0";
export const LIGHT_PUSH_V2 = "/vac/waku/lightpush/2.0.0-beta1";
export const FILTER_SUBSCRIBE = "/vac/waku/filter-subscribe/2.0.0-beta1";
export const FILTER_PUSH = "/vac/waku/filter-push/2.0.0-beta1";
export const STORE = "/vac/waku/store-query/3.0.0";

export type WakuMessage = proto_message.WakuMessage;

const NS_PER_MS = 1_000_000n;
const SUCCESS = 200;
/** Bad request, too large: the same bytes will meet them again. Others depend on the clock, the load or the proof. */
const FINAL_STATUSES: readonly number[] = [400, 413];
const NOT_SUBSCRIBED = 404;

const { FilterSubscribeType } = proto_filter_v2.FilterSubscribeRequest;

/** No `meta`, not ephemeral, and the timestamp pinned: one message, one hash. */
export function toWakuMessage({ topic, payload, timestampMs, rateLimitProof }: PushedMessage): WakuMessage {
  const message = { contentTopic: topic, payload, version: 0, timestamp: BigInt(timestampMs) * NS_PER_MS };
  return rateLimitProof === undefined ? message : { ...message, rateLimitProof };
}

export function timestampMsOf({ timestamp = 0n }: WakuMessage): number {
  return Number(timestamp / NS_PER_MS);
}

export function encodePush(pubsubTopic: string, message: WakuMessage): Uint8Array {
  return proto_lightpush.LightPushRequestV3.encode({ requestId: requestId(), pubsubTopic, message });
}

export function decodePushAnswer(bytes: Uint8Array): PushAnswer {
  const { statusCode, statusDesc = "" } = proto_lightpush.LightPushResponseV3.decode(bytes);
  if (statusCode === SUCCESS) return { kind: "taken" };
  return {
    kind: "refused",
    isFinal: FINAL_STATUSES.includes(statusCode),
    detail: `${statusCode} ${statusDesc}`.trim(),
  };
}

export function encodePushV2(pubsubTopic: string, message: WakuMessage): Uint8Array {
  return proto_lightpush.PushRpc.encode({ requestId: requestId(), request: { pubsubTopic, message } });
}

/** Version 2 has no codes: what it refuses may be taken later. */
export function decodePushAnswerV2(bytes: Uint8Array): PushAnswer {
  const { response } = proto_lightpush.PushRpc.decode(bytes);
  if (response?.isSuccess === true) return { kind: "taken" };
  return { kind: "refused", isFinal: false, detail: response?.info ?? "no reason" };
}

export function encodeSubscription(
  kind: "SUBSCRIBE" | "UNSUBSCRIBE",
  pubsubTopic: string,
  contentTopics: readonly string[],
): Uint8Array {
  const filterSubscribeType = FilterSubscribeType[kind];
  const topics = { pubsubTopic, contentTopics: [...contentTopics] };
  return proto_filter_v2.FilterSubscribeRequest.encode({ requestId: requestId(), filterSubscribeType, ...topics });
}

export function encodeSubscriberPing(): Uint8Array {
  const filterSubscribeType = FilterSubscribeType.SUBSCRIBER_PING;
  return proto_filter_v2.FilterSubscribeRequest.encode({
    requestId: requestId(),
    filterSubscribeType,
    contentTopics: [],
  });
}

/** @returns false when the node knows no such subscription. @throws {@link ChatError} `PEER_UNREACHABLE` for other refusals */
export function decodeSubscriptionAnswer(bytes: Uint8Array): boolean {
  const { statusCode, statusDesc } = proto_filter_v2.FilterSubscribeResponse.decode(bytes);
  if (isSuccess(statusCode)) return true;
  if (statusCode === NOT_SUBSCRIBED) return false;
  throw refused("a subscription", statusCode, statusDesc);
}

export function decodePushedMessage(bytes: Uint8Array) {
  return proto_filter_v2.MessagePush.decode(bytes);
}

export function encodeQuestion(pubsubTopic: string, question: HistoryQuestion, includeData: boolean): Uint8Array {
  const { cursor, limit } = question;
  const what =
    "hashes" in question
      ? { contentTopics: [], messageHashes: question.hashes.map(fromHex) }
      : {
          pubsubTopic,
          contentTopics: [...question.topics],
          messageHashes: [],
          timeStart: BigInt(question.fromMs) * NS_PER_MS,
          // The end is exclusive for some service nodes; what lies a millisecond beyond does no harm.
          timeEnd: BigInt(question.toMs + 1) * NS_PER_MS,
        };
  return proto_store.StoreQueryRequest.encode({
    requestId: requestId(),
    includeData,
    ...what,
    ...(cursor !== undefined && { paginationCursor: cursor }),
    paginationForward: true,
    paginationLimit: BigInt(limit),
  });
}

/** @throws {@link ChatError} `PEER_UNREACHABLE` when the node cannot answer the question */
export function decodePage(bytes: Uint8Array) {
  const { statusCode = 0, statusDesc, messages, paginationCursor } = proto_store.StoreQueryResponse.decode(bytes);
  if (!isSuccess(statusCode)) throw refused("a look into history", statusCode, statusDesc);
  return { messages, ...(paginationCursor !== undefined && { cursor: paginationCursor }) };
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

function refused(what: string, status: number, detail: string | undefined): ChatError {
  const said = `${status} ${detail ?? ""}`.trim();
  return new ChatError("PEER_UNREACHABLE", `a service node refused ${what}: ${said}`, { retryable: true });
}

/** Only names an exchange on a stream of its own. */
function requestId(): string {
  return toHex(crypto.getRandomValues(new Uint8Array(16)));
}
