/**
 * The network of a chat client through a go-waku node alone: light push in version 2 and filter. go-waku serves no
 * store that `@waku/sdk` could ask, so there is no history.
 * @module
 */
import type { DeliveryService, OutboundMessage } from "../../../packages/sdk/src/index.ts";
import { type LightNode, sendV2 } from "./clients.ts";
import { eventually } from "./eventually.ts";
import { tellShards } from "./go-waku.ts";

/** `node` is connected to go-waku and nobody else. */
export function goWakuDelivery(
  node: LightNode,
  network: { readonly clusterId: number; readonly shards: number },
): DeliveryService {
  const tell = async () => {
    for (const { remotePeer } of node.libp2p.getConnections()) await tellShards(node, remotePeer, network);
  };
  return {
    health: "connected",
    onHealthChange: () => () => {},
    async publish({ topic, payload, timestampMs }: OutboundMessage) {
      await eventually("the message is taken", async () => {
        await tell();
        return sendV2(node, topic, payload, new Date(timestampMs));
      });
      return { messageHash: "" };
    },
    async subscribe(topics, onMessage) {
      await tell();
      const decoders = topics.map((contentTopic) => node.createDecoder({ contentTopic }));
      await node.filter.subscribe(decoders, ({ contentTopic, payload, timestamp, hashStr }) =>
        onMessage({ topic: contentTopic, payload, timestampMs: timestamp?.getTime() ?? 0, hash: hashStr }),
      );
      return { close: async () => {} };
    },
    async *query() {},
    close: async () => {},
  };
}
