/** The option `network`, as it is understood, and the discovery of service nodes behind it. */
import { type Devnet, startDevnet } from "@chat/devnet";
import { ChatClient, type PeerDiscovery } from "@chat/sdk";
import { MemoryNetwork } from "@chat/sdk/testing";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { webSocketsOf } from "../src/delivery/discovery.ts";
import { resolveNetwork } from "../src/network-options.ts";
import { until } from "./people.ts";

describe("a network", () => {
  test("by name has cluster, shards, mailbox bits and service nodes, or a list of them in DNS", () => {
    const twn = { preset: "twn", clusterId: 1, shards: 8, mailboxBits: 8, peers: [] };
    expect(resolveNetwork("twn")).toMatchObject({ ...twn, discovery: { find: expect.any(Function) } });
    expect(resolveNetwork({ preset: "twn" })).toMatchObject({ ...twn, discovery: { find: expect.any(Function) } });
    const devnet = { preset: "devnet", clusterId: 42, shards: 8, mailboxBits: 0 };
    expect(resolveNetwork("devnet")).toEqual({ ...devnet, peers: ["/ip4/127.0.0.1/tcp/60000/ws"] });
  });

  test("with service nodes of one's own asks no list", () => {
    const peers = ["/dns4/node.example.org/tcp/8000/wss/p2p/16Uiu2HAm"];
    const resolved = resolveNetwork({ preset: "twn", peers });
    expect(resolved).toEqual({ preset: "twn", clusterId: 1, shards: 8, mailboxBits: 8, peers });
    expect(resolveNetwork({ peers })).toMatchObject({ preset: "devnet", clusterId: 42 });
  });

  test("of one's own is taken as it is", () => {
    const delivery = new MemoryNetwork().connect();
    expect(resolveNetwork(delivery)).toBe(delivery);
  });
});

test("of a node record, the encrypted WebSocket addresses are used, each with the peer id", () => {
  const multiaddrs = [
    "/ip4/1.2.3.4/tcp/30303",
    "/dns4/a.example/tcp/8000/wss",
    "/dns4/b.example/tcp/443/tls/ws/p2p/16U2",
  ];
  expect(webSocketsOf({ peerInfo: { id: "16U1", multiaddrs } })).toEqual([
    "/dns4/a.example/tcp/8000/wss/p2p/16U1",
    "/dns4/b.example/tcp/443/tls/ws/p2p/16U2",
  ]);
  expect(webSocketsOf({})).toEqual([]);
});

describe("discovery", () => {
  let devnet: Devnet;
  beforeAll(async () => {
    devnet = await startDevnet();
  });
  afterAll(() => devnet.close());

  test("finds the service nodes to connect to", async () => {
    const discovery: PeerDiscovery = {
      async *find() {
        yield "/ip4/127.0.0.1/tcp/9/ws"; // nobody listens there
        yield* devnet.peers;
      },
    };
    await using client = await ChatClient.create({ database: null, network: { discovery, ...devnet.network } });
    expect(client.health).not.toBe("disconnected");
  });

  test("that finds nobody is told as PEER_UNREACHABLE", async () => {
    const empty: PeerDiscovery = { async *find() {} };
    const broken: PeerDiscovery = {
      async *find() {
        yield* await Promise.reject<string[]>(new Error("DNS query failed"));
      },
    };
    for (const discovery of [empty, broken]) {
      const creating = ChatClient.create({ database: null, network: { discovery } });
      await expect(creating).rejects.toMatchObject({ code: "PEER_UNREACHABLE", retryable: true });
    }
  });

  test("is ended by close", async () => {
    let isEnded = false;
    const endless: PeerDiscovery = {
      async *find(signal) {
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        isEnded = true;
      },
    };
    const network = { discovery: endless };
    const client = await ChatClient.create({ database: null, network, whenUnreachable: "queue" });
    await client.close();
    await until(() => isEnded, "the discovery ends");
  });
});
