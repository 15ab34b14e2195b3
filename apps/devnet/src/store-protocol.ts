/**
 * Serves history out of the archive, page by page.
 * Spec: 13/WAKU2-STORE, version 3.0.0.
 * @module
 */
import type { StreamHandler } from "@libp2p/interface";
import { proto_message, proto_store } from "@waku/proto";
import type { Counters } from "./counters.ts";
import type { ArchiveQuery, MessageArchive, StoredMessage } from "./message-archive.ts";
import type { PeerLimiter } from "./peer-limits.ts";
import { requestHandler } from "./streams.ts";

export const STORE_CODEC = "/vac/waku/store-query/3.0.0";

const MAX_REQUEST_BYTES = 256 * 1024;
const DEFAULT_PAGE = 20;
const MAX_PAGE = 100;
const MAX_CRITERIA = 1_000;
const HASH_BYTES = 32;
const MAX_TIME_NS = 2n ** 63n - 1n;

const STATUS = { success: 200, badRequest: 400, tooManyRequests: 429, internalError: 500 } as const;
const UNKNOWN_REQUEST = "N/A";

export interface StoreDeps {
  readonly archive: Pick<MessageArchive, "query">;
  readonly counters: Counters;
  readonly limiter: PeerLimiter;
}

export function storeHandler(deps: StoreDeps): StreamHandler {
  return requestHandler({
    maxRequestBytes: MAX_REQUEST_BYTES,
    counters: deps.counters,
    answer: async (bytes, { remotePeer }) =>
      proto_store.StoreQueryResponse.encode(answer(bytes, remotePeer.toString(), deps)),
  });
}

type Request = proto_store.StoreQueryRequest;
type Response = proto_store.StoreQueryResponse;

function answer(bytes: Uint8Array, peer: string, { archive, counters, limiter }: StoreDeps): Response {
  let request: Request;
  try {
    request = proto_store.StoreQueryRequest.decode(bytes);
  } catch {
    counters.dropped.malformed += 1;
    return failure(UNKNOWN_REQUEST, STATUS.badRequest, "want a store query");
  }
  const { requestId, includeData } = request;
  if (!limiter.allows(peer)) {
    counters.dropped["rate-limited"] += 1;
    return failure(requestId, STATUS.tooManyRequests, "too many requests: wait, then query again");
  }
  const problem = problemOf(request);
  if (problem !== undefined) {
    counters.dropped.malformed += 1;
    return failure(requestId, STATUS.badRequest, problem);
  }
  try {
    const page = archive.query(toArchiveQuery(request));
    if (page.kind === "unknown-cursor") {
      counters.dropped.malformed += 1;
      return failure(requestId, STATUS.badRequest, "pagination cursor: want the hash of a stored message");
    }
    counters.queried += 1;
    const messages = page.messages.map((message) => toKeyValue(message, includeData));
    const response = { requestId, statusCode: STATUS.success, statusDesc: "OK", messages };
    return page.next === undefined ? response : { ...response, paginationCursor: page.next };
  } catch {
    counters.dropped["archive-failed"] += 1;
    return failure(requestId, STATUS.internalError, "the archive could not be read");
  }
}

function problemOf({ contentTopics, messageHashes, paginationCursor, ...request }: Request): string | undefined {
  const criteria = Math.max(contentTopics.length, messageHashes.length);
  if (criteria > MAX_CRITERIA) return `topics or hashes: want at most ${MAX_CRITERIA}, got ${criteria}`;
  const hashes = paginationCursor === undefined ? messageHashes : [...messageHashes, paginationCursor];
  if (hashes.some(({ length }) => length !== HASH_BYTES)) return `hash: want ${HASH_BYTES} bytes`;
  const filtered = contentTopics.length > 0 || request.timeStart !== undefined || request.timeEnd !== undefined;
  if (messageHashes.length > 0 && filtered) return "want hashes, or topics and times, got both";
  const times = [request.timeStart ?? 0n, request.timeEnd ?? 0n];
  if (times.some((time) => time < -MAX_TIME_NS || time > MAX_TIME_NS)) return "time: want nanoseconds in 64 bits";
  return undefined;
}

function toArchiveQuery(request: Request): ArchiveQuery {
  const { pubsubTopic, contentTopics, timeStart, timeEnd, messageHashes, paginationCursor, paginationLimit } = request;
  const limit = Number(paginationLimit || DEFAULT_PAGE);
  return {
    ...(pubsubTopic ? { pubsubTopic } : {}),
    contentTopics,
    ...(timeStart === undefined ? {} : { timeStartNs: timeStart }),
    ...(timeEnd === undefined ? {} : { timeEndNs: timeEnd }),
    hashes: messageHashes,
    ...(paginationCursor === undefined ? {} : { cursor: paginationCursor }),
    direction: request.paginationForward ? "forward" : "backward",
    limit: Math.min(limit, MAX_PAGE),
  };
}

function toKeyValue({ hash, pubsubTopic, bytes }: StoredMessage, includeData: boolean) {
  if (!includeData) return { messageHash: hash };
  return { messageHash: hash, message: proto_message.WakuMessage.decode(bytes), pubsubTopic };
}

function failure(requestId: string, statusCode: number, statusDesc: string): Response {
  return { requestId, statusCode, statusDesc, messages: [] };
}
