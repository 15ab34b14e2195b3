/**
 * How many requests each peer may make. One bucket for each peer: it holds `burst` requests and refills all the time.
 * @module
 */

export interface PeerLimits {
  /** Requests of one kind that a peer may make in a second, in the long run. @default 1_000 */
  readonly requestsPerSecond?: number;
  /** Requests of one kind that a peer may make at once. @default 2 seconds' worth */
  readonly burst?: number;
}

export type ResolvedLimits = Required<PeerLimits>;

type Bucket = { tokens: number; atMs: number };

export interface LimiterDeps {
  /** A clock that never goes back. */
  readonly nowMs?: () => number;
  /** Who may ask as much as they like. */
  readonly isExempt?: (peer: string) => boolean;
}

/** For one kind of request. */
export class PeerLimiter {
  readonly #limits: ResolvedLimits;
  readonly #nowMs: () => number;
  readonly #isExempt: (peer: string) => boolean;
  readonly #buckets = new Map<string, Bucket>();

  constructor(limits: ResolvedLimits, { nowMs = () => performance.now(), isExempt = () => false }: LimiterDeps = {}) {
    this.#limits = limits;
    this.#nowMs = nowMs;
    this.#isExempt = isExempt;
  }

  /** Takes one request from the bucket of `peer`, if there is one. */
  allows(peer: string): boolean {
    if (this.#isExempt(peer)) return true;
    const { requestsPerSecond, burst } = this.#limits;
    const nowMs = this.#nowMs();
    const { tokens, atMs } = this.#buckets.get(peer) ?? { tokens: burst, atMs: nowMs };
    const filled = Math.min(burst, tokens + ((nowMs - atMs) / 1_000) * requestsPerSecond);
    const allowed = filled >= 1;
    this.#buckets.set(peer, { tokens: allowed ? filled - 1 : filled, atMs: nowMs });
    return allowed;
  }

  /** A bucket that is full again says nothing: forgetting it changes no verdict. Called when a peer disconnects. */
  sweep(): void {
    const { requestsPerSecond, burst } = this.#limits;
    const nowMs = this.#nowMs();
    for (const [peer, { tokens, atMs }] of this.#buckets) {
      if (tokens + ((nowMs - atMs) / 1_000) * requestsPerSecond >= burst) this.#buckets.delete(peer);
    }
  }

  /** How many peers are remembered. */
  get size(): number {
    return this.#buckets.size;
  }
}
