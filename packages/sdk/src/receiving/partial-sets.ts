/**
 * The reassembler with a memory: segments of incomplete messages are in the store, so a restart loses none, and a
 * transaction that failed takes its segment back.
 * @module
 */
import type { RandomBytes } from "@chat/ratchet";
import { type AcceptResult, Reassembler } from "@chat/segmentation";
import type { Store } from "@chat/store";
import { MAX_SEGMENT_SIZE } from "../sizes.ts";

/** As long as skipped message keys are kept: what comes later cannot be decrypted. */
const TIMEOUT_MS = 30 * 24 * 60 * 60 * 1000;

export class PartialSets {
  readonly #store: Store;
  readonly #random: RandomBytes;
  #reassembler: Reassembler;
  /** By session: sets that wait for more. */
  #waiting = new Map<string, Set<string>>();

  private constructor(store: Store, random: RandomBytes) {
    this.#store = store;
    this.#random = random;
    this.#reassembler = newReassembler(random);
  }

  static async load(store: Store, random: RandomBytes): Promise<PartialSets> {
    const sets = new PartialSets(store, random);
    await sets.reload();
    return sets;
  }

  /** Sets that were given up since the last call: their segments can go from the store. */
  givenUp(nowMs: number): { sessionId: string; setId: string }[] {
    const given = this.#reassembler.expire(nowMs).map(({ sender = "", setId }) => ({ sessionId: sender, setId }));
    for (const { sessionId, setId } of given) this.#ended(sessionId, setId);
    return given;
  }

  /** Whether anything of the session waits for more segments. */
  isWaiting(sessionId: string): boolean {
    return this.#waiting.has(sessionId);
  }

  /** Segments of one session never mix with those of another. */
  accept(sessionId: string, segment: Uint8Array, nowMs: number): AcceptResult {
    const result = this.#reassembler.accept(segment, { nowMs, sender: sessionId });
    if (result.kind === "pending") {
      this.#waiting.set(sessionId, (this.#waiting.get(sessionId) ?? new Set()).add(result.setId));
    } else if (result.kind === "complete" && result.setId !== undefined) this.#ended(sessionId, result.setId);
    return result;
  }

  /** Forgets everything that is not durable. */
  async reload(): Promise<void> {
    const sets = new PartialSets(this.#store, this.#random);
    for await (const { sessionId, bytes, storedAtMs } of this.#store.messages.segments()) {
      sets.accept(sessionId, bytes, storedAtMs);
    }
    this.#reassembler = sets.#reassembler;
    this.#waiting = sets.#waiting;
  }

  #ended(sessionId: string, setId: string): void {
    const waiting = this.#waiting.get(sessionId);
    waiting?.delete(setId);
    if (waiting?.size === 0) this.#waiting.delete(sessionId);
  }
}

function newReassembler(random: RandomBytes): Reassembler {
  return new Reassembler({ maxMessageSize: MAX_SEGMENT_SIZE, wrap: "always", timeoutMs: TIMEOUT_MS, random });
}
