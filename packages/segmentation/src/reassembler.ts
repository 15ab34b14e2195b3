/**
 * Puts segments together again, whatever their order, within fixed bounds on memory.
 * No clock inside: the caller says what time it is. The same calls give the same results, so a caller that persists
 * the segments of incomplete sets and feeds them again after a restart is where it was.
 * Spec: LIP-243, "Receiving". Parity segments are recognised but not used yet.
 * @module
 */
import { type ReassemblerOptions, resolveReassemblerOptions } from "./options.ts";
import { costOfSet, type IncompleteReport, PartialSet, setIdOf } from "./partial-set.ts";
import { parseSegment, type Segment } from "./segment.ts";

/**
 * - `undecodable`: not a segment message (with `wrap: "always"`)
 * - `invalid`: a segment message that contradicts itself or LIP-243 (with `wrap: "always"`)
 * - `oversized`: beyond `maxMessageSize`, `maxPayloadSize`, `maxTotalSegments` or `maxBufferedBytes`
 * - `parity-unsupported`: a valid parity segment; not needed and not kept
 * - `duplicate`: held already, or of a set that was completed
 * - `mismatch`: its index is held already with other bytes; the first stays
 * - `hash-mismatch`: the set has all its segments, but they are not the payload that was announced; it is dropped
 */
export type DiscardReason =
  | "undecodable"
  | "invalid"
  | "oversized"
  | "parity-unsupported"
  | "duplicate"
  | "mismatch"
  | "hash-mismatch";

export type AcceptResult =
  /** Without a set id, the payload travelled as it is. */
  | { readonly kind: "complete"; readonly payload: Uint8Array; readonly setId?: string }
  | {
      readonly kind: "pending";
      readonly setId: string;
      readonly index: number;
      readonly isParity: boolean;
      readonly held: number;
      /** How many more segments it takes. */
      readonly needed: number;
      /** Data and parity segments of the set. */
      readonly total: number;
    }
  | { readonly kind: "discarded"; readonly reason: DiscardReason; readonly setId?: string };

/** Reports of evicted sets that wait for `expire`; older ones are forgotten. */
const MAX_WAITING_REPORTS = 256;

export class Reassembler {
  readonly #options: Required<ReassemblerOptions>;
  /** Least recently updated first. */
  readonly #sets = new Map<string, PartialSet>();
  /** When each was completed, oldest first. */
  readonly #completed = new Map<string, number>();
  #evicted: IncompleteReport[] = [];
  #bufferedBytes = 0;

  /** @throws {@link SegmentationError} `INVALID_OPTION` */
  constructor(options: ReassemblerOptions) {
    this.#options = resolveReassemblerOptions(options);
  }

  /** Memory that waiting segments take: their chunks, 256 bytes each and 1,024 for a set; at most `maxBufferedBytes`. */
  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  /**
   * Takes one received message. Never throws, and keeps no reference to `bytes`, except that a payload that travelled
   * as it is comes back as the same array.
   *
   * @param sender - segments of different senders never mix; any name the caller trusts
   */
  accept(bytes: Uint8Array, { nowMs, sender }: { readonly nowMs: number; readonly sender?: string }): AcceptResult {
    if (bytes.length > this.#options.maxMessageSize) return { kind: "discarded", reason: "oversized" };
    const parsed = parseSegment(bytes);
    if (parsed.kind === "segment") return this.#acceptSegment(parsed.segment, nowMs, sender);
    if (this.#options.wrap === "always") return { kind: "discarded", reason: parsed.kind };
    if (bytes.length > this.#options.maxPayloadSize) return { kind: "discarded", reason: "oversized" };
    return { kind: "complete", payload: bytes };
  }

  /**
   * Drops the sets that got nothing for `timeoutMs`, and forgets what was completed that long ago. Only this lets sets
   * time out; call it now and then.
   *
   * @returns a report for each set that timed out, and for each that was evicted since the last call
   */
  expire(nowMs: number): IncompleteReport[] {
    const reports = this.#evicted;
    this.#evicted = [];
    const deadlineMs = nowMs - this.#options.timeoutMs;
    for (const [key, set] of this.#sets) {
      if (set.updatedAtMs > deadlineMs) continue;
      reports.push(set.report("timeout", nowMs));
      this.#remove(key, set);
    }
    for (const [key, completedAtMs] of this.#completed) {
      if (completedAtMs <= deadlineMs) this.#completed.delete(key);
    }
    return reports;
  }

  #acceptSegment(segment: Segment, nowMs: number, sender: string | undefined): AcceptResult {
    const setId = setIdOf(segment);
    const discard = (reason: DiscardReason): AcceptResult => ({ kind: "discarded", reason, setId });
    if (this.#isOversized(segment)) return discard("oversized");
    // No set id holds a line break, so no two pairs have one key.
    const key = `${sender ?? ""}\n${setId}`;
    if (this.#completed.has(key)) return discard("duplicate");
    if (segment.isParity) return discard("parity-unsupported");

    const held = this.#sets.get(key);
    const set = held ?? new PartialSet(segment, setId, sender, nowMs);
    const costBefore = held?.cost ?? 0;
    const outcome = set.add(segment, nowMs);
    if (outcome !== "added") return discard(outcome);
    this.#bufferedBytes += set.cost - costBefore;
    // Taken out and put in again, it is the most recently updated.
    this.#sets.delete(key);
    this.#sets.set(key, set);

    if (set.needed === 0) {
      this.#remove(key, set);
      const payload = set.join();
      if (payload === undefined) return discard("hash-mismatch");
      this.#remember(key, nowMs);
      return { kind: "complete", payload, setId };
    }
    this.#evict(nowMs);
    const { index, isParity } = segment;
    return { kind: "pending", setId, index, isParity, held: set.held, needed: set.needed, total: set.total };
  }

  #isOversized(segment: Segment): boolean {
    const { maxPayloadSize, maxTotalSegments, maxBufferedBytes } = this.#options;
    return (
      segment.payloadLength > maxPayloadSize ||
      segment.dataCount + segment.parityCount > maxTotalSegments ||
      costOfSet(segment) > maxBufferedBytes
    );
  }

  /** The newest set stays: none that is larger than the bounds gets in. */
  #evict(nowMs: number): void {
    const { maxBufferedBytes, maxSets } = this.#options;
    for (const [key, set] of this.#sets) {
      if (this.#bufferedBytes <= maxBufferedBytes && this.#sets.size <= maxSets) return;
      this.#remove(key, set);
      this.#evicted.push(set.report("evicted", nowMs));
      if (this.#evicted.length > MAX_WAITING_REPORTS) this.#evicted.shift();
    }
  }

  #remove(key: string, set: PartialSet): void {
    if (this.#sets.delete(key)) this.#bufferedBytes -= set.cost;
  }

  #remember(key: string, nowMs: number): void {
    this.#completed.set(key, nowMs);
    for (const oldest of this.#completed.keys()) {
      if (this.#completed.size <= this.#options.maxCompletedSets) return;
      this.#completed.delete(oldest);
    }
  }
}
