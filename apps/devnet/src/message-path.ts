/**
 * The way of a message through one node: checked, stored, handed to subscribers, passed on to other nodes.
 * @module
 */
import type { GossipSub } from "@chainsafe/libp2p-gossipsub";
import type { Counters } from "./counters.ts";
import type { Faults } from "./faults.ts";
import type { FilterService } from "./filter.ts";
import type { Published } from "./light-push.ts";
import { type Checked, checkMessage, decodeMessage, type Message, type WireMessage } from "./message.ts";
import type { MessageArchive } from "./message-archive.ts";
import type { RlnValidator } from "./rln/validator.ts";
import type { MessageFacts, NodeEvent } from "./watch/events.ts";

export interface MessagePathDeps {
  readonly pubsubTopics: ReadonlySet<string>;
  readonly archive: MessageArchive;
  readonly filter: FilterService;
  readonly counters: Counters;
  readonly faults: Faults;
  /** On a network that limits its senders. */
  readonly rln: RlnValidator | undefined;
  /** Undefined while the node is stopped. */
  readonly relay: () => GossipSub | undefined;
  readonly tell: (event: () => NodeEvent) => void;
}

/** `durable` resolves when the message would survive a power cut, at once if it is not to be stored. */
type Kept = { readonly durable: Promise<void> };

export class MessagePath {
  readonly #deps: MessagePathDeps;

  constructor(deps: MessagePathDeps) {
    this.#deps = deps;
  }

  /** A message from a light node: checked, written, spread; and when it is durable, acknowledged. */
  async publish(pubsubTopic: string, wire: WireMessage, peer: string): Promise<Published> {
    const { faults, tell } = this.#deps;
    const checked = this.#check(pubsubTopic, wire);
    if (checked.kind === "refused") return checked;
    const { message } = checked;
    try {
      const { durable } = await this.#keep(message);
      tell(() => ({ kind: "pushed", peer, ...factsOf(message) }));
      const relayed: { peers?: Promise<number> } = {};
      faults.passOn(() => {
        relayed.peers ??= this.#relay(pubsubTopic, message.bytes);
      });
      const relayPeers = (await relayed.peers) ?? 0;
      await durable;
      return { kind: "published", relayPeers };
    } catch {
      return { kind: "refused", reason: "archive-failed", detail: "the message could not be stored; try again" };
    }
  }

  /** A message from another service node. @returns whether it may travel on */
  receive(pubsubTopic: string, data: Uint8Array, peer: string): boolean {
    const { counters, tell } = this.#deps;
    const wire = decodeMessage(data);
    if (wire === undefined) {
      counters.dropped.malformed += 1;
      return false;
    }
    const checked = this.#check(pubsubTopic, wire);
    if (checked.kind === "refused") {
      counters.dropped[checked.reason] += 1;
      return false;
    }
    counters.relayed += 1;
    tell(() => ({ kind: "relayed", peer, ...factsOf(checked.message) }));
    this.#keep(checked.message)
      .then(({ durable }) => durable)
      .catch(() => {
        counters.dropped["archive-failed"] += 1;
      });
    return true;
  }

  #check(pubsubTopic: string, wire: WireMessage): Checked {
    const { pubsubTopics, rln } = this.#deps;
    const nowMs = Date.now();
    const checked = checkMessage(pubsubTopic, wire, pubsubTopics, nowMs);
    if (checked.kind === "refused") return checked;
    const limited = rln?.check(checked.message, nowMs);
    return limited?.kind === "refused" ? limited : checked;
  }

  /** Stores a message unless it is ephemeral, then hands it to subscribers unless they had it. */
  async #keep(message: Message): Promise<Kept> {
    const { archive, counters, faults, filter } = this.#deps;
    let durable = Promise.resolve();
    if (!message.ephemeral && !faults.amnesia) {
      const written = await archive.put(message);
      durable = written.durable;
      if (!written.isNew) {
        counters.dropped.duplicate += 1;
        return { durable };
      }
      counters.stored += 1;
    }
    filter.push(message);
    return { durable };
  }

  /** @returns how many nodes it was sent to */
  async #relay(pubsubTopic: string, bytes: Uint8Array): Promise<number> {
    const relay = this.#deps.relay();
    // Also without anybody there, the router would hash the message and remember it.
    if (relay === undefined || relay.getSubscribers(pubsubTopic).length === 0) return 0;
    try {
      return (await relay.publish(pubsubTopic, bytes)).recipients.length;
    } catch {
      // It is stored and pushed to subscribers here; only the other nodes did not get it.
      return 0;
    }
  }
}

export function factsOf({ hash, pubsubTopic, contentTopic, bytes }: Message): MessageFacts {
  return { hash: Buffer.from(hash).toString("hex"), pubsubTopic, contentTopic, bytes: bytes.length };
}
