/**
 * What the SDK needs from a network: publish, subscribe, history. Waku is one implementation, memory another.
 * @module
 */

export type OutboundMessage = {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** A whole second, and pinned: every retry carries the same, so one message has one hash. */
  readonly timestampMs: number;
  /** The message's place in the quota of an epoch, where an RLN proof is to be made for; no other message has the same. */
  readonly slot?: { readonly epoch: number; readonly index: number };
};

export type InboundMessage = {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly timestampMs: number;
  /** Identifies the message on the network; equal for every copy. */
  readonly hash: string;
};

export type PublishReceipt = { readonly messageHash: string };

/** Both ends are included; milliseconds since the Unix epoch. */
export type TimeRange = { readonly fromMs: number; readonly toMs: number };

export type HealthStatus = "connected" | "disconnected";

export interface Subscription {
  close(): Promise<void>;
}

export interface DeliveryService {
  /**
   * Resolves when a service node took the message.
   * @throws {@link ChatError} `DELIVERY_REFUSED`, `PEER_UNREACHABLE`; `retryable` false means never to try again
   */
  publish(message: OutboundMessage, options?: { readonly signal?: AbortSignal }): Promise<PublishReceipt>;
  /** Best effort: what is missed comes by {@link query}. Stays alive over reconnects until closed. */
  subscribe(topics: readonly string[], onMessage: (message: InboundMessage) => void): Promise<Subscription>;
  /** History, oldest first. */
  query(
    topics: readonly string[],
    range: TimeRange,
    options?: { readonly signal?: AbortSignal },
  ): AsyncIterable<InboundMessage>;
  readonly health: HealthStatus;
  /** Returns the function that ends the observation. */
  onHealthChange(observe: (health: HealthStatus) => void): () => void;
  /** Idempotent. */
  close(): Promise<void>;
}
