/**
 * Light nodes for tests: unmodified `@waku/sdk`, connected to nodes of a devnet.
 * @module
 */
import { multiaddr } from "@multiformats/multiaddr";
import { createLightNode } from "@waku/sdk";
import type { Devnet } from "../src/index.ts";

export type LightNode = Awaited<ReturnType<typeof createLightNode>>;

/** Keeps the clients of a test, to close them after it. */
export function openClients() {
  const opened: LightNode[] = [];
  return {
    /** Resolves when the client knows the protocols of each of the nodes. */
    async connect({ network }: Pick<Devnet, "network">, ...addresses: readonly string[]): Promise<LightNode> {
      const client = await createLightNode({
        defaultBootstrap: false,
        // To these nodes and no other: by peer exchange it would find all the others.
        discovery: { dns: false, peerExchange: false, peerCache: false },
        networkConfig: { clusterId: network.clusterId, numShardsInCluster: network.shards },
        libp2p: { filterMultiaddrs: false, hideWebSocketInfo: true },
        connectionManager: { failedDialCooldown: 1, dialCooldown: 1 },
      });
      opened.push(client);
      await Promise.all(addresses.map((address) => dial(client, address)));
      return client;
    },
    async close(): Promise<void> {
      for (const client of opened.splice(0)) {
        client.filter.unsubscribeAll();
        await client.stop();
      }
    },
  };
}

/** Resolves when `client` is connected and knows the protocols of the peer. */
export async function dial(client: LightNode, address: string): Promise<void> {
  const identified = new Promise<void>((resolve) => {
    client.libp2p.addEventListener("peer:identify", ({ detail }) => {
      if (address.endsWith(detail.peerId.toString())) resolve();
    });
  });
  const { remotePeer } = await dialPatiently(client, address);
  // The SDK redials too: when it was faster, identify is over, and its result is in the peer store.
  const { protocols } = await client.libp2p.peerStore.get(remotePeer);
  if (!protocols.includes(client.filter.multicodec)) await identified;
}

/** A dial joins one that the SDK began before the node was back, and fails with it: try again. */
async function dialPatiently(client: LightNode, address: string) {
  const deadline = performance.now() + 5_000;
  for (;;) {
    try {
      return await client.libp2p.dial(multiaddr(address));
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** Sends once and tells whether the service node took it. */
export async function send(client: LightNode, contentTopic: string, payload: Uint8Array, timestamp = new Date()) {
  const encoder = client.createEncoder({ contentTopic });
  const { successes } = await client.lightPush.send(encoder, { payload, timestamp }, { autoRetry: false });
  return successes.length > 0;
}

/** As {@link send}, in version 2 of light push. */
export async function sendV2(client: LightNode, contentTopic: string, payload: Uint8Array, timestamp = new Date()) {
  const encoder = client.createEncoder({ contentTopic });
  const options = { autoRetry: false, useLegacy: true };
  const { successes } = await client.lightPush.send(encoder, { payload, timestamp }, options);
  return successes.length > 0;
}

/** Payloads as they arrive. */
export async function subscribe(client: LightNode, contentTopic: string): Promise<Uint8Array[]> {
  const received: Uint8Array[] = [];
  const decoder = client.createDecoder({ contentTopic });
  const taken = await client.filter.subscribe(decoder, ({ payload }) => {
    received.push(payload);
  });
  if (!taken) throw new Error("subscription: want it taken by a service node");
  return received;
}

type QueryOptions = Parameters<LightNode["store"]["queryGenerator"]>[1];

/** All payloads of a query, in the order of the pages. */
export async function history(client: LightNode, contentTopic: string, options?: QueryOptions): Promise<Uint8Array[]> {
  const payloads: Uint8Array[] = [];
  for await (const page of client.store.queryGenerator([client.createDecoder({ contentTopic })], options)) {
    for (const message of await Promise.all(page)) if (message !== undefined) payloads.push(message.payload);
  }
  return payloads;
}
