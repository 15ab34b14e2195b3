/** What a peer may ask of a node, and what a silent subscriber costs. */
import { afterEach, expect, jest, test } from "@jest/globals";
import type { Connection, PeerId, Stream } from "@libp2p/interface";
import { proto_filter_v2, proto_lightpush, proto_store } from "@waku/proto";
import * as lengthPrefixed from "it-length-prefixed";
import { createCounters } from "../src/counters.ts";
import { FilterService } from "../src/filter.ts";
import { startDevnet } from "../src/index.ts";
import { PeerLimiter } from "../src/peer-limits.ts";
import { bytesOf, TOPICS } from "./messages.ts";
import { framed, openStranger } from "./stranger.ts";

const GARBAGE = Uint8Array.of(0x0f, 0xff, 0xff);
const SHARD = "/waku/2/rs/42/0";
const { SUBSCRIBE, SUBSCRIBER_PING } = proto_filter_v2.FilterSubscribeRequest.FilterSubscribeType;

test("a peer that asks too much is answered 429 by each service, and another is served", async () => {
  await using devnet = await startDevnet({ limits: { requestsPerSecond: 1, burst: 2 } });
  const [node] = devnet.nodes;
  const [greedy, modest] = [await openStranger(node?.tcp ?? ""), await openStranger(node?.tcp ?? "")];
  const push = async ({ exchange }: typeof greedy) => {
    const request = { requestId: "1", message: { payload: bytesOf("x"), contentTopic: "/a/1/b/c" } };
    const codec = "/vac/waku/lightpush/3.0.0";
    const reply = await exchange(codec, framed(proto_lightpush.LightPushRequestV3.encode(request)));
    return proto_lightpush.LightPushResponseV3.decode(reply ?? GARBAGE).statusCode;
  };
  const query = async ({ exchange }: typeof greedy) => {
    const request = {
      requestId: "1",
      includeData: true,
      paginationForward: true,
      contentTopics: [],
      messageHashes: [],
    };
    const codec = "/vac/waku/store-query/3.0.0";
    const reply = await exchange(codec, framed(proto_store.StoreQueryRequest.encode(request)));
    return proto_store.StoreQueryResponse.decode(reply ?? GARBAGE).statusCode;
  };
  const ping = async ({ exchange }: typeof greedy) => {
    const request = { requestId: "1", filterSubscribeType: SUBSCRIBER_PING, contentTopics: [] };
    const codec = "/vac/waku/filter-subscribe/2.0.0-beta1";
    const reply = await exchange(codec, framed(proto_filter_v2.FilterSubscribeRequest.encode(request)));
    return proto_filter_v2.FilterSubscribeResponse.decode(reply ?? GARBAGE).statusCode;
  };
  for (const [ask, served] of [
    [push, 200],
    [query, 200],
    [ping, 404],
  ] as const) {
    // Kinds of requests have buckets of their own.
    expect([await ask(greedy), await ask(greedy), await ask(greedy)]).toEqual([served, served, 429]);
    expect(await ask(modest)).toBe(served);
  }
  expect(node?.counters.dropped["rate-limited"]).toBe(3);
  await Promise.all([greedy.host.stop(), modest.host.stop()]);
});

afterEach(() => {
  jest.useRealTimers();
});

test("a subscriber of whom nothing is heard for 5 minutes is forgotten; one that pings stays", async () => {
  jest.useFakeTimers({ doNotFake: ["setImmediate", "queueMicrotask", "nextTick"] });
  const counters = createCounters();
  const limiter = new PeerLimiter({ requestsPerSecond: 10, burst: 10 });
  const filter = new FilterService({
    pubsubTopics: TOPICS,
    counters,
    limiter,
    passOn: (deliver) => deliver(),
    onDelivered: () => {},
    ping: async () => {},
  });
  filter.start();
  const ask = async (peer: string, filterSubscribeType: typeof SUBSCRIBE | typeof SUBSCRIBER_PING) => {
    const contentTopics = filterSubscribeType === SUBSCRIBE ? ["/a/1/b/c"] : [];
    const request = { requestId: "1", filterSubscribeType, pubsubTopic: SHARD, contentTopics };
    const bytes = framed(proto_filter_v2.FilterSubscribeRequest.encode(request));
    const replies: Uint8Array[] = [];
    const stream = {
      source: (async function* () {
        yield bytes;
      })(),
      sink: async (source: Iterable<{ subarray(): Uint8Array }>) => {
        for (const chunk of source) replies.push(chunk.subarray());
      },
      abort: () => {},
    } as unknown as Stream;
    filter.handler({ stream, connection: { remotePeer: peer as unknown as PeerId } as Connection });
    while (replies.length === 0) await jest.advanceTimersByTimeAsync(1);
    const [reply] = lengthPrefixed.decode(replies);
    return proto_filter_v2.FilterSubscribeResponse.decode(reply?.subarray() ?? GARBAGE).statusCode;
  };
  expect([await ask("silent", SUBSCRIBE), await ask("alive", SUBSCRIBE)]).toEqual([200, 200]);
  for (let minute = 0; minute < 6; minute += 1) {
    await jest.advanceTimersByTimeAsync(60_000);
    expect(await ask("alive", SUBSCRIBER_PING)).toBe(200);
  }
  expect(filter.subscribers).toBe(1);
  expect(counters.dropped.expired).toBe(1);
  expect(await ask("silent", SUBSCRIBER_PING)).toBe(404);
  filter.clear();
  expect(jest.getTimerCount()).toBe(0);
});
