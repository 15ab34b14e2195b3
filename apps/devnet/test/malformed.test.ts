import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { proto_filter_v2, proto_lightpush, proto_store } from "@waku/proto";
import { type Devnet, type DropReason, startDevnet } from "../src/index.ts";
import { waitForSubscriber } from "../src/relay.ts";
import { history, openClients, send } from "./clients.ts";
import { eventually } from "./eventually.ts";
import { bytesOf, NOW_MS, textOf } from "./messages.ts";
import { framed, openStranger } from "./stranger.ts";

const METADATA = "/vac/waku/metadata/1.0.0";
const LIGHT_PUSH = "/vac/waku/lightpush/3.0.0";
const LIGHT_PUSH_V2 = "/vac/waku/lightpush/2.0.0-beta1";
const FILTER = "/vac/waku/filter-subscribe/2.0.0-beta1";
const STORE = "/vac/waku/store-query/3.0.0";
const EXCHANGE = "/vac/waku/peer-exchange/2.0.0-alpha1";

// Field 1 with wire type 7, which does not exist.
const GARBAGE = Uint8Array.of(0x0f, 0xff, 0xff);

let devnet: Devnet;
let stranger: Awaited<ReturnType<typeof openStranger>>;
const clients = openClients();

beforeAll(async () => {
  devnet = await startDevnet();
  stranger = await openStranger(devnet.nodes[0]?.tcp ?? "");
});
afterAll(async () => {
  await clients.close();
  await stranger.host.stop();
  await devnet.close();
});

function dropped(reason: DropReason): number {
  return devnet.nodes[0]?.counters.dropped[reason] ?? Number.NaN;
}

const exchange = (codec: string, bytes: Uint8Array) => stranger.exchange(codec, bytes);

test.each([METADATA, LIGHT_PUSH, LIGHT_PUSH_V2, FILTER, STORE, EXCHANGE])(
  "garbage in a frame is counted: %s",
  async (codec) => {
    const before = dropped("malformed");
    const reply = await exchange(codec, framed(GARBAGE));
    await eventually("it is counted", () => dropped("malformed") === before + 1);
    // Whoever has a status in its replies says so.
    expect(reply === undefined).toBe(codec === METADATA || codec === EXCHANGE);
  },
);

test.each([METADATA, LIGHT_PUSH, LIGHT_PUSH_V2, FILTER, STORE, EXCHANGE])(
  "half a frame is counted: %s",
  async (codec) => {
    const before = dropped("malformed");
    expect(await exchange(codec, Uint8Array.of(100, 1, 2, 3))).toBeUndefined();
    await eventually("it is counted", () => dropped("malformed") === before + 1);
  },
);

test.each([METADATA, LIGHT_PUSH, LIGHT_PUSH_V2, FILTER, STORE, EXCHANGE])(
  "a huge length is refused unread: %s",
  async (codec) => {
    const before = dropped("too-large");
    expect(await exchange(codec, Uint8Array.of(0xff, 0xff, 0xff, 0x7f, 1))).toBeUndefined();
    await eventually("it is counted", () => dropped("too-large") === before + 1);
  },
);

test("the reply to an unreadable push has the status for a bad request", async () => {
  const reply = await exchange(LIGHT_PUSH, framed(GARBAGE));
  expect(proto_lightpush.LightPushResponseV3.decode(reply ?? GARBAGE)).toMatchObject({ statusCode: 400 });
});

test.each([
  ["no message", {}, 400],
  ["no content topic", { message: { payload: bytesOf("x"), contentTopic: "" } }, 420],
  ["a content topic without shard", { message: { payload: bytesOf("x"), contentTopic: "hello" } }, 420],
  [
    "a shard of another network",
    { pubsubTopic: "/waku/2/rs/1/0", message: { payload: bytesOf("x"), contentTopic: "/a/1/b/c" } },
    421,
  ],
  ["an old timestamp", { message: { payload: bytesOf("x"), contentTopic: "/a/1/b/c", timestamp: 1n } }, 420],
  [
    "a timestamp out of 64 bits",
    { message: { payload: bytesOf("x"), contentTopic: "/a/1/b/c", timestamp: -(2n ** 62n) } },
    420,
  ],
  ["too many bytes", { message: { payload: new Uint8Array(153_600), contentTopic: "/a/1/b/c" } }, 413],
  ["no pubsub topic and no timestamp", { message: { payload: bytesOf("x"), contentTopic: "/a/1/b/c" } }, 200],
])("a push with %s", async (_name, request, statusCode) => {
  const reply = await exchange(
    LIGHT_PUSH,
    framed(proto_lightpush.LightPushRequestV3.encode({ requestId: "7", ...request })),
  );
  expect(proto_lightpush.LightPushResponseV3.decode(reply ?? GARBAGE)).toMatchObject({ requestId: "7", statusCode });
});

test.each([
  ["a short hash", { messageHashes: [new Uint8Array(31)] }, 400],
  ["a cursor nobody knows", { paginationCursor: new Uint8Array(32) }, 400],
  ["hashes and topics", { messageHashes: [new Uint8Array(32)], contentTopics: ["/a/1/b/c"] }, 400],
  ["too many hashes", { messageHashes: Array.from({ length: 1_001 }, () => new Uint8Array(32)) }, 400],
  ["too many topics", { contentTopics: Array.from({ length: 1_001 }, (_, index) => `/a/1/${index}/c`) }, 400],
  ["a time range that ends before it starts", { timeStart: BigInt(NOW_MS), timeEnd: 0n }, 200],
  ["a page of any size", { paginationLimit: 2n ** 63n }, 200],
])("a query with %s", async (_name, query, statusCode) => {
  const request = { requestId: "8", includeData: true, paginationForward: true, ...query };
  const reply = await exchange(STORE, framed(proto_store.StoreQueryRequest.encode(request)));
  expect(proto_store.StoreQueryResponse.decode(reply ?? GARBAGE)).toMatchObject({ requestId: "8", statusCode });
});

const { SUBSCRIBE, UNSUBSCRIBE, UNSUBSCRIBE_ALL, SUBSCRIBER_PING } =
  proto_filter_v2.FilterSubscribeRequest.FilterSubscribeType;
const SHARD = "/waku/2/rs/42/0";

test.each([
  ["a ping without subscription", { filterSubscribeType: SUBSCRIBER_PING }, 404],
  ["no topic", { filterSubscribeType: SUBSCRIBE, pubsubTopic: SHARD }, 400],
  [
    "a shard of another network",
    { filterSubscribeType: SUBSCRIBE, pubsubTopic: "/waku/2/rs/1/0", contentTopics: ["/a/1/b/c"] },
    400,
  ],
  [
    "more than 100 topics",
    { filterSubscribeType: SUBSCRIBE, pubsubTopic: SHARD, contentTopics: Array.from({ length: 101 }, String) },
    400,
  ],
  ["an end of nothing", { filterSubscribeType: UNSUBSCRIBE, pubsubTopic: SHARD, contentTopics: ["/a/1/b/c"] }, 404],
  ["a good topic", { filterSubscribeType: SUBSCRIBE, pubsubTopic: SHARD, contentTopics: ["/a/1/b/c"] }, 200],
  ["a ping with a subscription", { filterSubscribeType: SUBSCRIBER_PING }, 200],
  ["an end of all", { filterSubscribeType: UNSUBSCRIBE_ALL }, 200],
  ["a ping after the end", { filterSubscribeType: SUBSCRIBER_PING }, 404],
])("a filter request with %s", async (_name, request, statusCode) => {
  const reply = await exchange(
    FILTER,
    framed(proto_filter_v2.FilterSubscribeRequest.encode({ requestId: "9", ...request })),
  );
  expect(proto_filter_v2.FilterSubscribeResponse.decode(reply ?? GARBAGE)).toMatchObject({
    requestId: "9",
    statusCode,
  });
});

test("garbage from a relay peer is counted and not passed on", async () => {
  const { relay } = stranger.host.services;
  await waitForSubscriber(relay, [SHARD], devnet.nodes[0]?.peerId ?? "", AbortSignal.timeout(5_000));
  const { malformed } = devnet.nodes[0]?.counters.dropped ?? {};
  await relay.publish(SHARD, GARBAGE);
  await eventually("it is counted", () => dropped("malformed") === (malformed ?? Number.NaN) + 1);
  expect(devnet.nodes[0]?.counters.relayed).toBe(0);
});

test("after all this the node still serves light nodes", async () => {
  const alice = await clients.connect(devnet, ...devnet.peers);
  expect(await send(alice, "/test/1/alive/proto", bytesOf("alive"))).toBe(true);
  expect((await history(alice, "/test/1/alive/proto")).map(textOf)).toEqual(["alive"]);
});
