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
    return this.#reassembler.expire(nowMs).map(({ sender = "", setId }) => ({ sessionId: sender, setId }));
  }

  /** Segments of one session never mix with those of another. */
  accept(sessionId: string, segment: Uint8Array, nowMs: number): AcceptResult {
    return this.#reassembler.accept(segment, { nowMs, sender: sessionId });
  }

  /** Forgets everything that is not durable. */
  async reload(): Promise<void> {
    const reassembler = newReassembler(this.#random);
    for await (const { sessionId, bytes, storedAtMs } of this.#store.messages.segments()) {
      reassembler.accept(bytes, { nowMs: storedAtMs, sender: sessionId });
    }
    this.#reassembler = reassembler;
  }
}

function newReassembler(random: RandomBytes): Reassembler {
  return new Reassembler({ maxMessageSize: MAX_SEGMENT_SIZE, wrap: "always", timeoutMs: TIMEOUT_MS, random });
}
