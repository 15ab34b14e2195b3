/**
 * Counts what the network sent and nobody could use, by reason. Remote garbage is never an exception.
 * @module
 */

/**
 * - `not-an-envelope`: not an envelope of a version we know
 * - `not-for-us`: no key of ours matches; ordinary in a mailbox shared with others
 * - `undecryptable`: a key matched, but the ratchet refused: altered, replayed, or older than its skipped keys
 * - `handshake-refused`: a first message for an invite that is used up, expired, or seen before
 * - `malformed-sds`, `malformed-segment`, `malformed-frame`: the peer sent what its own layers would not
 * - `unknown-frame`: a frame of a later version of the protocol
 */
export type DiscardReason =
  | "not-an-envelope"
  | "not-for-us"
  | "undecryptable"
  | "handshake-refused"
  | "malformed-sds"
  | "malformed-segment"
  | "malformed-frame"
  | "unknown-frame";

export class DiscardCounters {
  readonly #counts = new Map<DiscardReason, number>();

  add(reason: DiscardReason): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
  }

  /** A copy; reasons that never happened are absent. */
  snapshot(): Readonly<Partial<Record<DiscardReason, number>>> {
    return Object.fromEntries(this.#counts);
  }
}
