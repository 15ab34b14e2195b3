/**
 * What a service node can be asked once it is connected. The network by libp2p implements it, and tests do.
 * @module
 */
import type { InboundMessage, OutboundMessage, ServiceNodeRole } from "../delivery-service.ts";
import type { RateLimitProof } from "../rln-prover.ts";

export type PushedMessage = OutboundMessage & { readonly rateLimitProof?: RateLimitProof };

/** `isFinal`: the same bytes will meet it again, whenever they are pushed. */
export type PushAnswer =
  | { readonly kind: "taken" }
  | { readonly kind: "refused"; readonly isFinal: boolean; readonly detail: string };

/** Messages of some topics in a time range, both ends included, or those with these hashes. Oldest first. */
export type HistoryQuestion = {
  readonly cursor?: Uint8Array;
  readonly limit: number;
} & (
  | { readonly topics: readonly string[]; readonly fromMs: number; readonly toMs: number }
  | { readonly topic: string; readonly hashes: readonly string[] }
);

/** Without a cursor, nothing follows. */
export type HistoryPage<Entry> = { readonly entries: readonly Entry[]; readonly cursor?: Uint8Array };

/** Every method rejects when the node does not answer, or breaks the protocol; none outlives the signal. */
export interface NodeLink {
  readonly peerId: string;
  serves(role: ServiceNodeRole): boolean;
  push(message: PushedMessage, signal: AbortSignal): Promise<PushAnswer>;
  /** Also renews. Rejects when the node refuses. */
  subscribe(topics: readonly string[], signal: AbortSignal): Promise<void>;
  unsubscribe(topics: readonly string[], signal: AbortSignal): Promise<void>;
  /** Whether the node still knows the subscription; keeps it alive. */
  isSubscribed(signal: AbortSignal): Promise<boolean>;
  history(question: HistoryQuestion, signal: AbortSignal): Promise<HistoryPage<InboundMessage>>;
  /** As {@link history}, but only the hashes. */
  hashes(question: HistoryQuestion, signal: AbortSignal): Promise<HistoryPage<string>>;
  ping(signal: AbortSignal): Promise<void>;
  /** At once, without a word to the other side, which may be gone. */
  cut(): void;
  /** Told once, when the connection is over for whatever reason. */
  onEnd(observe: () => void): void;
}

export interface NodeHost {
  /** Resolves when it is known what the node serves. */
  dial(address: string, signal: AbortSignal): Promise<NodeLink>;
  /** The hash that this message has on the network. */
  hashOf(message: OutboundMessage): string;
  /** Topics that must be subscribed to and asked for apart from others. */
  shardOf(topic: string): string;
  close(): Promise<void>;
}

/** @param from - peer id */
export type OnPushed = (message: InboundMessage, from: string) => void;

export type HostOptions = { readonly clusterId: number; readonly shards: number; readonly onPushed: OnPushed };

/** Opens no connection. */
export type OpenHost = (options: HostOptions) => Promise<NodeHost>;
