/**
 * The reassembler with a memory: segments of incomplete messages are in the store, so a restart loses none, and a
 * transaction that failed takes its segment back.
 * @module
 */
import type { RandomBytes } from "@chat/ratchet";
import { type AcceptResult, Reassembler, readSetId } from "@chat/segmentation";
import type { Store } from "@chat/store";
import { RecentMap } from "../recent-map.ts";
import { MAX_SEGMENT_SIZE } from "../sizes.ts";

/** As long as skipped message keys are kept: what comes later cannot be decrypted. */
const TIMEOUT_MS = 30 * 24 * 60 * 60 * 1000;
/** Beyond it, the store is asked again whether anything of the set is wanted. */
const MAX_REFUSED = 1_000;

/** A message of which some segments have arrived. */
export type PartialSet = {
  readonly sessionId: string;
  readonly setId: string;
  readonly held: number;
  readonly total: number;
  /** Of the earliest segment that has arrived, as far as it is known: what is whole stands where its sender has it. */
  readonly lamport?: number;
};

export class PartialSets {
  readonly #store: Store;
  readonly #random: RandomBytes;
  #reassembler: Reassembler;
  readonly #sets = new Map<string, PartialSet>();
  /** Of these, nothing is taken any more. */
  readonly #refused = new RecentMap<true>(MAX_REFUSED);

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

  all(): PartialSet[] {
    return [...this.#sets.values()];
  }

  /** Whether anything of the session waits for more segments. */
  isWaiting(sessionId: string): boolean {
    return this.all().some((set) => set.sessionId === sessionId);
  }

  /** Sets that were given up since the last call: their segments can go from the store. */
  givenUp(nowMs: number): { sessionId: string; setId: string }[] {
    return this.#reassembler.expire(nowMs).map(({ sender = "", setId }) => {
      this.#sets.delete(keyOf(sender, setId));
      return { sessionId: sender, setId };
    });
  }

  /** Segments of one session never mix with those of another. */
  accept(
    sessionId: string,
    segment: Uint8Array,
    { nowMs, lamport }: { readonly nowMs: number; readonly lamport?: number | undefined },
  ): AcceptResult & { readonly lamport?: number; readonly isOfMany?: boolean } {
    const result = this.#reassembler.accept(segment, { nowMs, sender: sessionId });
    const { setId } = result;
    if (setId === undefined) return result;
    const key = keyOf(sessionId, setId);
    const known = this.#sets.get(key);
    const times = [known?.lamport, lamport].filter((time) => time !== undefined);
    const earliest = times.length > 0 && { lamport: Math.min(...times) };
    if (result.kind === "complete") this.#sets.delete(key);
    if (result.kind === "pending") {
      this.#sets.set(key, { sessionId, setId, held: result.held, total: result.total, ...earliest });
    }
    return { ...result, ...earliest, isOfMany: known !== undefined };
  }

  /** Its message is here; what still comes of it is a repetition. Its segments in the store are the caller's. */
  end(sessionId: string, setId: string, nowMs: number): void {
    this.#reassembler.markComplete(setId, { sender: sessionId, completedAtMs: nowMs });
    this.#sets.delete(keyOf(sessionId, setId));
  }

  /** As {@link end}, of what is not wanted. */
  refuse(sessionId: string, setId: string, nowMs: number): void {
    this.end(sessionId, setId, nowMs);
    this.#refused.set(keyOf(sessionId, setId), true);
  }

  isRefused(sessionId: string, setId: string): boolean {
    return this.#refused.get(keyOf(sessionId, setId)) === true;
  }

  /** Forgets everything that is not durable. */
  async reload(): Promise<void> {
    this.#reassembler = newReassembler(this.#random);
    this.#sets.clear();
    for await (const { sessionId, bytes, storedAtMs, lamport } of this.#store.messages.segments()) {
      this.accept(sessionId, bytes, { nowMs: storedAtMs, lamport });
    }
  }
}

/** Its payload, as the id of the set tells it. */
export function payloadOf({ setId }: Pick<PartialSet, "setId">) {
  return readSetId(setId);
}

function keyOf(sessionId: string, setId: string): string {
  return `${sessionId} ${setId}`;
}

function newReassembler(random: RandomBytes): Reassembler {
  return new Reassembler({ maxMessageSize: MAX_SEGMENT_SIZE, wrap: "always", timeoutMs: TIMEOUT_MS, random });
}
