/**
 * What happens in a devnet, told to whoever watches. Never payloads.
 * @module
 */

export type DevnetEvent = { readonly node: string; readonly atMs: number } & (
  | { readonly kind: "started" | "stopped" }
  /** A peer came or went: a light node, or another service node. */
  | { readonly kind: "connected" | "disconnected"; readonly peer: string }
  /** A light node pushed a message; `hash` is hexadecimal, `bytes` the size of the whole Waku message. */
  | ({ readonly kind: "pushed"; readonly peer: string } & MessageFacts)
  /** A message came from another service node. */
  | ({ readonly kind: "relayed"; readonly peer: string } & MessageFacts)
  /** A message was queued for a subscriber. */
  | ({ readonly kind: "delivered"; readonly peer: string } & MessageFacts)
);

export type MessageFacts = {
  readonly hash: string;
  readonly pubsubTopic: string;
  readonly contentTopic: string;
  readonly bytes: number;
};

// Over each kind by itself, or what tells them apart would be lost.
type Unsigned<Event> = Event extends unknown ? Omit<Event, "node" | "atMs"> : never;
/** An event before it is known whose it is, and when. */
export type NodeEvent = Unsigned<DevnetEvent>;

export type Observer = (event: DevnetEvent) => void;

/** Costs nothing while nobody watches. */
export class Observers {
  readonly #observers = new Set<Observer>();

  /** Returns the function that ends the observation. An observer must not throw. */
  add(observer: Observer): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  /** @param event - made only when somebody watches */
  tell(node: string, event: () => NodeEvent): void {
    if (this.#observers.size === 0) return;
    const told: DevnetEvent = { ...event(), node, atMs: Date.now() };
    for (const observe of this.#observers) observe(told);
  }
}
