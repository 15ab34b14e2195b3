/**
 * Counts what the network sent and nobody could use, by reason. Remote garbage is never an exception.
 * @module
 */

/**
 * - `not-an-envelope`: no envelope at all
 * - `newer-envelope`: an envelope of a later version; whose it is, nobody can tell
 * - `not-for-us`: no key of ours matches; ordinary in a mailbox shared with others
 * - `undecryptable`: a key matched, but the ratchet refused: altered, replayed, or older than its skipped keys
 * - `handshake-refused`: a first message for an invite that is used up, expired, or seen before
 * - `malformed-sds`, `malformed-segment`, `malformed-frame`: the peer sent what its own layers would not
 * - `unsupported-handshake`: a first message of a later version of the protocol
 * - `blocked`: from an account that was blocked
 * - `request-full`: more than a request may store; it comes again when the request was accepted
 * - `unsupported-frame`: something between the clients that this version makes no use of
 */
export type DiscardReason =
  | "not-an-envelope"
  | "newer-envelope"
  | "not-for-us"
  | "undecryptable"
  | "handshake-refused"
  | "malformed-sds"
  | "malformed-segment"
  | "malformed-frame"
  | "unsupported-handshake"
  | "unsupported-frame"
  | "blocked"
  | "request-full";

export class DiscardCounters {
  readonly #counts = new Map<DiscardReason, number>();
  readonly #listeners = new Set<(reason: DiscardReason) => void>();

  add(reason: DiscardReason): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
    for (const listener of this.#listeners) listener(reason);
  }

  /** Returns the function that ends the observation. */
  onDiscard(listener: (reason: DiscardReason) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A copy; reasons that never happened are absent. */
  snapshot(): Readonly<Partial<Record<DiscardReason, number>>> {
    return Object.fromEntries(this.#counts);
  }
}
