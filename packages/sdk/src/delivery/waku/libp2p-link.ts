/**
 * A connection to a service node by libp2p.
 * @module
 */
import type { InboundMessage, ServiceNodeRole } from "../delivery-service.ts";
import type { HistoryPage, HistoryQuestion, NodeLink, PushAnswer, PushedMessage } from "./node-link.ts";
import { type Connection, echo, type Libp2p, request } from "./streams.ts";
import {
  decodePage,
  decodePushAnswer,
  decodePushAnswerV2,
  decodeSubscriptionAnswer,
  encodePush,
  encodePushV2,
  encodeQuestion,
  encodeSubscriberPing,
  encodeSubscription,
  FILTER_SUBSCRIBE,
  LIGHT_PUSH,
  LIGHT_PUSH_V2,
  STORE,
  timestampMsOf,
  toHex,
  toWakuMessage,
  type WakuMessage,
} from "./wire.ts";

const PING = "/ipfs/ping/1.0.0";
const PING_BYTES = 32;
const MAX_STATUS_BYTES = 64 * 1024;
/** A page of 100 messages of the largest size would be more; service nodes send fewer of those. */
const MAX_PAGE_BYTES = 16 * 1024 * 1024;
const MAX_TOPICS = 100;

const PROTOCOLS: Record<ServiceNodeRole, readonly string[]> = {
  push: [LIGHT_PUSH, LIGHT_PUSH_V2],
  filter: [FILTER_SUBSCRIBE],
  store: [STORE],
};

export type LinkNetwork = {
  readonly shardOf: (topic: string) => string;
  readonly hashOf: (pubsubTopic: string, message: WakuMessage) => string;
};

export class Libp2pLink implements NodeLink {
  readonly peerId: string;
  readonly #libp2p: Libp2p;
  readonly #connection: Connection;
  readonly #protocols: ReadonlySet<string>;
  readonly #network: LinkNetwork;

  constructor(libp2p: Libp2p, connection: Connection, protocols: readonly string[], network: LinkNetwork) {
    this.peerId = String(connection.remotePeer);
    this.#libp2p = libp2p;
    this.#connection = connection;
    this.#protocols = new Set(protocols);
    this.#network = network;
  }

  serves(role: ServiceNodeRole): boolean {
    return PROTOCOLS[role].some((protocol) => this.#protocols.has(protocol));
  }

  async push(message: PushedMessage, signal: AbortSignal): Promise<PushAnswer> {
    const pubsubTopic = this.#network.shardOf(message.topic);
    const wire = toWakuMessage(message);
    if (this.#protocols.has(LIGHT_PUSH)) {
      return decodePushAnswer(await this.#ask(LIGHT_PUSH, encodePush(pubsubTopic, wire), signal));
    }
    return decodePushAnswerV2(await this.#ask(LIGHT_PUSH_V2, encodePushV2(pubsubTopic, wire), signal));
  }

  async subscribe(topics: readonly string[], signal: AbortSignal): Promise<void> {
    for (const [pubsubTopic, some] of this.#byShard(topics)) {
      const asking = this.#ask(FILTER_SUBSCRIBE, encodeSubscription("SUBSCRIBE", pubsubTopic, some), signal);
      decodeSubscriptionAnswer(await asking);
    }
  }

  async unsubscribe(topics: readonly string[], signal: AbortSignal): Promise<void> {
    for (const [pubsubTopic, some] of this.#byShard(topics)) {
      const asking = this.#ask(FILTER_SUBSCRIBE, encodeSubscription("UNSUBSCRIBE", pubsubTopic, some), signal);
      decodeSubscriptionAnswer(await asking);
    }
  }

  async isSubscribed(signal: AbortSignal): Promise<boolean> {
    return decodeSubscriptionAnswer(await this.#ask(FILTER_SUBSCRIBE, encodeSubscriberPing(), signal));
  }

  async history(question: HistoryQuestion, signal: AbortSignal): Promise<HistoryPage<InboundMessage>> {
    const { messages, ...page } = await this.#page(question, true, signal);
    const entries = messages.flatMap(({ message, pubsubTopic = this.#shardOf(question) }) => {
      if (message === undefined) return [];
      const { contentTopic: topic, payload } = message;
      // Not the hash that the node gives: it could hide a message behind that of another.
      return { topic, payload, timestampMs: timestampMsOf(message), hash: this.#network.hashOf(pubsubTopic, message) };
    });
    return { ...page, entries };
  }

  async hashes(question: HistoryQuestion, signal: AbortSignal): Promise<HistoryPage<string>> {
    const { messages, ...page } = await this.#page(question, false, signal);
    return {
      ...page,
      entries: messages.flatMap(({ messageHash }) => (messageHash === undefined ? [] : toHex(messageHash))),
    };
  }

  async ping(signal: AbortSignal): Promise<void> {
    await echo(this.#connection, PING, crypto.getRandomValues(new Uint8Array(PING_BYTES)), signal);
  }

  cut(): void {
    this.#connection.abort(new Error("given up"));
  }

  onEnd(observe: () => void): void {
    if (this.#connection.status !== "open") {
      queueMicrotask(observe);
      return;
    }
    const onClose = ({ detail }: CustomEvent<Connection>) => {
      if (detail.id !== this.#connection.id) return;
      this.#libp2p.removeEventListener("connection:close", onClose);
      observe();
    };
    this.#libp2p.addEventListener("connection:close", onClose);
  }

  async #page(question: HistoryQuestion, includeData: boolean, signal: AbortSignal) {
    const bytes = encodeQuestion(this.#shardOf(question), question, includeData);
    return decodePage(await this.#ask(STORE, bytes, signal, MAX_PAGE_BYTES));
  }

  #ask(protocol: string, bytes: Uint8Array, signal: AbortSignal, maxBytes = MAX_STATUS_BYTES): Promise<Uint8Array> {
    return request(this.#connection, protocol, bytes, { maxBytes, signal });
  }

  #shardOf(question: HistoryQuestion): string {
    const topic = "hashes" in question ? question.topic : question.topics[0];
    return this.#network.shardOf(topic ?? "");
  }

  /** Requests take topics of one shard, and so many at once. */
  #byShard(topics: readonly string[]): [pubsubTopic: string, topics: readonly string[]][] {
    return [...Map.groupBy(topics, (topic) => this.#network.shardOf(topic))].flatMap(([pubsubTopic, some]) => {
      const groups: [string, readonly string[]][] = [];
      for (let from = 0; from < some.length; from += MAX_TOPICS)
        groups.push([pubsubTopic, some.slice(from, from + MAX_TOPICS)]);
      return groups;
    });
  }
}
