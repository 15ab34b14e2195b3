/**
 * The peer of this area: a bare @waku/sdk light node, used the way that its reliability asks for (`docs/waku.md`):
 * dialled directly, timestamps pinned, no retries behind the caller's back.
 * @module
 */
import type { Devnet } from "@chat/devnet";
import { multiaddr } from "@multiformats/multiaddr";
import { createLightNode, type LightNode } from "@waku/sdk";
import { Arrivals } from "./arrivals.ts";
import { bodyOf, keyOf } from "./body.ts";

export class BareNode implements AsyncDisposable {
  readonly #node: LightNode;

  private constructor(node: LightNode) {
    this.#node = node;
  }

  /**
   * Resolves when the first service node is connected and its protocols are known.
   *
   * @param recovers - leaves it to the light node to come back after the node was away
   */
  static async open({ peers, network }: Devnet, { recovers = false } = {}): Promise<BareNode> {
    const [address] = peers;
    if (address === undefined) throw new RangeError("devnet: want a service node, got none");
    const node = await createLightNode({
      defaultBootstrap: false,
      ...(recovers && { bootstrapPeers: [address] }),
      discovery: { dns: false, peerExchange: false, peerCache: false },
      networkConfig: { clusterId: network.clusterId, numShardsInCluster: network.shards },
      connectionManager: { enableAutoRecovery: recovers, failedDialCooldown: 1, dialCooldown: 1 },
      libp2p: { filterMultiaddrs: false, hideWebSocketInfo: true },
    });
    const identified = new Promise<void>((resolve) => {
      node.libp2p.addEventListener("peer:identify", () => resolve(), { once: true });
    });
    await node.libp2p.dial(multiaddr(address));
    await identified;
    return new BareNode(node);
  }

  /** Collects what arrives on `topic`; `onKey` runs for every copy. */
  async listen(topic: string, onKey: (key: string) => void = () => {}): Promise<Arrivals> {
    const arrivals = new Arrivals();
    const decoder = new TextDecoder();
    const isSubscribed = await this.#node.filter.subscribe(
      this.#node.createDecoder({ contentTopic: topic }),
      ({ payload }) => {
        const key = keyOf(decoder.decode(payload));
        arrivals.add(key);
        onKey(key);
      },
    );
    if (!isSubscribed) throw new Error(`the service node did not take the subscription to ${topic}`);
    return arrivals;
  }

  /** Sends 200 bytes. Resolves when the service node has taken them. */
  async send(topic: string, key: string): Promise<void> {
    const { successes, failures } = await this.#node.lightPush.send(
      this.#node.createEncoder({ contentTopic: topic }),
      { payload: new TextEncoder().encode(bodyOf(key)), timestamp: new Date() },
      { autoRetry: false },
    );
    if (successes.length === 0) throw new Error(`the service node did not take the message: ${failures[0]?.error}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#node.filter.unsubscribeAll(); // `stop` leaves the timers of subscriptions running
    await this.#node.stop();
  }
}
