import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { generateKeyPair } from "@libp2p/crypto/keys";
import { multiaddr } from "@multiformats/multiaddr";
import { EnrDecoder } from "@waku/enr";
import { proto_peer_exchange } from "@waku/proto";
import { createLightNode } from "@waku/sdk";
import { type Devnet, startDevnet } from "../src/index.ts";
import { recordOf } from "../src/node-record.ts";
import { eventually } from "./eventually.ts";
import { framed, openStranger } from "./stranger.ts";

let devnet: Devnet;
beforeAll(async () => {
  devnet = await startDevnet({ nodes: 3 });
});
afterAll(() => devnet.close());
afterEach(() => devnet.heal());

async function exchanged(numPeers: bigint): Promise<string[]> {
  const stranger = await openStranger(devnet.nodes[0]?.tcp ?? "");
  const request = proto_peer_exchange.PeerExchangeRPC.encode({ query: { numPeers } });
  const reply = await stranger.exchange("/vac/waku/peer-exchange/2.0.0-alpha1", framed(request));
  await stranger.host.stop();
  const { response } = proto_peer_exchange.PeerExchangeRPC.decode(reply ?? new Uint8Array());
  const records = await Promise.all(
    (response?.peerInfos ?? []).map(({ enr }) => EnrDecoder.fromRLP(enr ?? new Uint8Array())),
  );
  for (const { shardInfo, waku2 } of records) {
    expect(shardInfo).toEqual({ clusterId: 42, shards: [0, 1, 2, 3, 4, 5, 6, 7] });
    expect(waku2).toEqual({ relay: true, store: true, filter: true, lightPush: true });
  }
  return records.map(({ peerId }) => String(peerId));
}

test("a node tells who the others are, at most as many as are wanted, and only those that can be reached", async () => {
  const [, second, third] = devnet.nodes.map(({ peerId }) => peerId);
  expect(await exchanged(10n)).toEqual([second, third]);
  expect(await exchanged(1n)).toEqual([second]);
  expect(await exchanged(0n)).toEqual([]);
  await devnet.partition([[0, 2], [1]]);
  expect(await exchanged(10n)).toEqual([third]);
});

test("a light node that knows one node finds and uses the others", async () => {
  const node = await createLightNode({
    defaultBootstrap: false,
    discovery: { dns: false, peerExchange: true, peerCache: false },
    networkConfig: { clusterId: 42, numShardsInCluster: 8 },
    libp2p: { filterMultiaddrs: false, hideWebSocketInfo: true },
  });
  await node.libp2p.dial(multiaddr(devnet.peers[0] ?? ""));
  await eventually("it is connected to all", () => node.libp2p.getPeers().length === 3);
  expect(node.libp2p.getPeers().map(String).toSorted()).toEqual(devnet.nodes.map(({ peerId }) => peerId).toSorted());
  await node.stop();
});

const ADDRESSES = { tcp: "/ip4/127.0.0.1/tcp/4000", webSocket: "/ip4/127.0.0.1/tcp/4001/ws" };

test("a record with all 64 shards is small enough, for want of its TCP address, and is read back", async () => {
  const key = await generateKeyPair("secp256k1");
  const record = await recordOf(key, ADDRESSES, { clusterId: 42, shards: 64 });
  const read = await EnrDecoder.fromRLP(record ?? new Uint8Array());
  expect(record?.length).toBeLessThanOrEqual(300);
  expect(read.shardInfo?.shards).toHaveLength(64);
  expect(read.getAllLocationMultiaddrs().map(String)).toEqual([`${ADDRESSES.webSocket}/p2p/${read.peerId}`]);
});

test("a key of another kind has no record", async () => {
  expect(await recordOf(await generateKeyPair("Ed25519"), ADDRESSES, { clusterId: 42, shards: 8 })).toBeUndefined();
});
