/**
 * Spreads messages between the service nodes of the devnet, by gossipsub without signatures.
 * Specs: 11/WAKU2-RELAY, libp2p gossipsub v1.1.
 * @module
 */
import { createHash } from "node:crypto";
import { GossipSub, type GossipSubComponents } from "@chainsafe/libp2p-gossipsub";
import { StrictNoSign, TopicValidatorResult } from "@libp2p/interface";
import { MAX_MESSAGE_BYTES } from "./network.ts";

const RELAY_CODEC = "/vac/waku/relay/2.0.0";

/** To be mounted as a libp2p service. */
export function relayService(): (components: GossipSubComponents) => GossipSub {
  return (components) => {
    const router = new GossipSub(components, {
      globalSignaturePolicy: StrictNoSign,
      msgIdFn: ({ data }) => createHash("sha256").update(data).digest(),
      allowPublishToZeroTopicPeers: true,
      ignoreDuplicatePublishError: true,
      // Pushed messages go to every linked node at once; the mesh carries what they missed.
      floodPublish: true,
      fallbackToFloodsub: false,
      emitSelf: false,
      maxInboundDataLength: 2 * MAX_MESSAGE_BYTES,
      // All nodes share one address.
      scoreParams: { IPColocationFactorWeight: 0 },
    });
    router.multicodecs = [RELAY_CODEC];
    return router;
  };
}

/**
 * Subscribes to `pubsubTopics`. The router must have been started.
 *
 * @param receive - called once for each new message of another node; returns whether it may travel on
 */
export function joinRelay(
  router: GossipSub,
  pubsubTopics: Iterable<string>,
  receive: (pubsubTopic: string, data: Uint8Array, peer: string) => boolean,
): void {
  for (const topic of pubsubTopics) {
    // The router drops duplicates before it asks a validator.
    router.topicValidators.set(topic, (peer, { data }) =>
      receive(topic, data, peer.toString()) ? TopicValidatorResult.Accept : TopicValidatorResult.Reject,
    );
    router.subscribe(topic);
  }
}

/**
 * Resolves when `router` knows that `peer` listens to each topic, so that the next message reaches it.
 * Rejects when `signal` aborts first.
 */
export async function waitForSubscriber(
  router: GossipSub,
  pubsubTopics: Iterable<string>,
  peer: string,
  signal: AbortSignal,
): Promise<void> {
  const topics = [...pubsubTopics];
  const listens = (topic: string) => router.getSubscribers(topic).some((subscriber) => subscriber.toString() === peer);
  while (!(router.streamsOutbound.has(peer) && topics.every(listens))) {
    signal.throwIfAborted();
    await nextSubscription(router, signal);
  }
}

function nextSubscription(router: GossipSub, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearInterval(recheck);
      router.removeEventListener("subscription-change", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    // The outbound stream has no event of its own.
    const recheck = setInterval(done, 20);
    router.addEventListener("subscription-change", done);
    signal.addEventListener("abort", done);
  });
}
