/**
 * All service nodes of a network that are known: who can be asked for what, and how well that is.
 * @module
 */
import type { HealthStatus, ServiceNodeRole } from "../delivery-service.ts";
import { ServiceNode, type ServiceNodeDeps } from "./service-node.ts";

export class ServiceNodes {
  readonly #deps: ServiceNodeDeps;
  readonly #nodes: ServiceNode[] = [];

  constructor(deps: ServiceNodeDeps) {
    this.#deps = deps;
  }

  get all(): readonly ServiceNode[] {
    return this.#nodes;
  }

  /** Resolves as {@link ServiceNode.dial} does; an address that is known already is not dialled again. */
  async add(address: string): Promise<unknown> {
    if (this.#nodes.some((node) => node.address === address)) return undefined;
    const node = new ServiceNode(address, this.#deps);
    this.#nodes.push(node);
    return node.dial();
  }

  /** Forgets those of them that are not connected. */
  dropUnreachable(addresses: ReadonlySet<string>): void {
    const isGone = (node: ServiceNode) => addresses.has(node.address) && node.status.state !== "connected";
    for (const node of this.#nodes.filter(isGone)) {
      node.close();
      this.#nodes.splice(this.#nodes.indexOf(node), 1);
    }
  }

  /** Those that can be asked, in the order in which they were given; those that failed of late last. */
  for(role: ServiceNodeRole): ServiceNode[] {
    const byPeer = new Map<string, ServiceNode>();
    for (const node of this.#nodes) {
      const { link } = node;
      // Two addresses may lead to one node.
      if (link?.serves(role) && !byPeer.has(link.peerId)) byPeer.set(link.peerId, node);
    }
    const nodes = [...byPeer.values()];
    return [...nodes.filter((node) => !node.isFailing(role)), ...nodes.filter((node) => node.isFailing(role))];
  }

  /** @param isSubscribed - whether what should be subscribed to is */
  health(isSubscribed: boolean): HealthStatus {
    const connected = this.#nodes.filter(({ link }) => link !== undefined);
    if (connected.length === 0) return "disconnected";
    const isWhole = isSubscribed && this.#works("push") && this.#works("store");
    return isWhole && connected.length >= Math.min(2, this.#nodes.length) ? "connected" : "minimal";
  }

  /** After a sleep, or a change of network: whatever is still there has to show it, and the rest is dialled at once. */
  prove(): void {
    const doubted = this.#nodes.filter((node) => node.doubt());
    this.#deps.onChange();
    for (const node of this.#nodes) {
      if (doubted.includes(node)) void node.prove();
      else node.dialNow();
    }
  }

  close(): void {
    for (const node of this.#nodes) node.close();
  }

  #works(role: ServiceNodeRole): boolean {
    return this.for(role).some((node) => !node.isFailing(role));
  }
}
