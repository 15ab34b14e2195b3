/**
 * Brings over what another service node stored while this one was away, by the store protocol as any client would.
 * @module
 */
import type { Connection } from "@libp2p/interface";
import { proto_store } from "@waku/proto";
import * as lengthPrefixed from "it-length-prefixed";
import type { Counters } from "./counters.ts";
import { checkMessage, type Message } from "./message.ts";
import type { MessageArchive } from "./message-archive.ts";
import { STORE_CODEC } from "./store-protocol.ts";

const PAGE = 100n;
const PAGE_MS = 15_000;
const MAX_PAGE_BYTES = 5 * 1024 * 1024;
const SUCCESS = 200;

export interface CatchUpDeps {
  readonly archive: MessageArchive;
  readonly pubsubTopics: ReadonlySet<string>;
  readonly counters: Counters;
  readonly signal: AbortSignal;
  /** Called for each message that is new here. */
  readonly onTaken: (message: Message) => void;
}

/**
 * Stores all that `connection`'s peer has since `fromNs`. What does not pass the checks of a message is left out and
 * counted; its age is not checked, as history is old. Rejects when the peer stops answering.
 */
export async function catchUp(connection: Connection, fromNs: bigint, deps: CatchUpDeps): Promise<void> {
  let cursor: Uint8Array | undefined;
  do {
    const response: proto_store.StoreQueryResponse = await page(connection, fromNs, cursor, deps.signal);
    if (response.statusCode !== SUCCESS) throw new Error(`store: ${response.statusCode} ${response.statusDesc}`);
    await Promise.all(response.messages.map((entry) => keep(entry, deps)));
    cursor = response.paginationCursor;
  } while (cursor !== undefined && cursor.length > 0);
}

async function page(
  connection: Connection,
  timeStart: bigint,
  paginationCursor: Uint8Array | undefined,
  end: AbortSignal,
) {
  const signal = AbortSignal.any([end, AbortSignal.timeout(PAGE_MS)]);
  const stream = await connection.newStream(STORE_CODEC, { signal });
  const onAbort = () => stream.abort(new Error("the query was given up"));
  signal.addEventListener("abort", onAbort);
  try {
    const request = proto_store.StoreQueryRequest.encode({
      requestId: "catch-up",
      includeData: true,
      contentTopics: [],
      messageHashes: [],
      timeStart,
      paginationForward: true,
      paginationLimit: PAGE,
      ...(paginationCursor === undefined ? {} : { paginationCursor }),
    });
    await stream.sink([lengthPrefixed.encode.single(request)]);
    for await (const reply of lengthPrefixed.decode(stream.source, { maxDataLength: MAX_PAGE_BYTES })) {
      return proto_store.StoreQueryResponse.decode(reply.subarray());
    }
    throw new Error("store: no answer");
  } finally {
    signal.removeEventListener("abort", onAbort);
    await stream.close().catch(() => {});
  }
}

async function keep(
  { message, pubsubTopic = "" }: proto_store.WakuMessageKeyValue,
  { archive, pubsubTopics, counters, onTaken }: CatchUpDeps,
): Promise<void> {
  if (message === undefined) return;
  const checked = checkMessage(pubsubTopic, message, pubsubTopics, Number((message.timestamp ?? 0n) / 1_000_000n));
  if (checked.kind === "refused") counters.dropped[checked.reason] += 1;
  else if ((await archive.put(checked.message)).isNew) {
    counters.caughtUp += 1;
    onTaken(checked.message);
  }
}
