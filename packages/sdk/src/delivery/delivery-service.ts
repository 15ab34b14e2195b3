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
  /** What it carries was published before and never confirmed: worth another way, and more than one. */
  readonly isRetransmission?: boolean;
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

/**
 * - `connected`: messages leave and arrive, history can be read, and where several service nodes are known, one may fail
 * - `minimal`: the connection is there, but only one of several service nodes answers, or one of the three does not work
 * - `disconnected`: no service node answers
 */
export type HealthStatus = "connected" | "minimal" | "disconnected";

/** What a service node can do: take messages (light push), bring them (filter), look back (store). */
export type ServiceNodeRole = "push" | "filter" | "store";

export type ServiceNodeStatus = {
  readonly address: string;
  /** Once it was connected. */
  readonly peerId?: string;
  readonly state: "connected" | "connecting" | "unreachable";
  /** What it can be used for, as it says; nothing while it is not connected. */
  readonly serves: readonly ServiceNodeRole[];
  /** What it failed in within the last minute. */
  readonly failing: readonly ServiceNodeRole[];
  /** Why it is not connected. */
  readonly problem?: string;
};

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
  /**
   * Told when a subscription is there again after a time in which it may have missed something. A service that has it
   * tells so after every reconnect, too. Returns the function that ends the observation.
   */
  onGap?(observe: () => void): () => void;
  /** Each service node that is known, where there are any. */
  readonly serviceNodes?: readonly ServiceNodeStatus[];
  /** Idempotent. */
  close(): Promise<void>;
}
