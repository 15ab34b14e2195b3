/**
 * Puts segments together again, whatever their order, within fixed bounds on memory.
 * The same calls give the same results, so a caller that persists the segments of incomplete sets and feeds them again
 * after a restart is where it was ({@link DurableReassembler} does).
 * Spec: LIP-243, "Receiving".
 * @module
 */

import {
  BLINDING_BYTES,
  type ReassemblerOptions,
  type ResolvedReassemblerOptions,
  resolveReassemblerOptions,
} from "../options.ts";
import { parseSegment, type Segment, setIdOf } from "../segment.ts";
import { BufferUsage } from "./buffer-usage.ts";
import { CompletedSets } from "./completed-sets.ts";
import { maxCostOf, PartialSet } from "./partial-set.ts";
import type { AcceptResult, DiscardReason, IncompleteReport } from "./results.ts";
import { keyOf, shortName } from "./set-key.ts";

/** Reports of sets given up that wait for `expire`; older ones are forgotten. An observer is told of every one. */
const MAX_WAITING_REPORTS = 64;

export class Reassembler {
  readonly #options: ResolvedReassemblerOptions;
  /** Least recently updated first. */
  readonly #sets = new Map<string, PartialSet>();
  readonly #usage = new BufferUsage();
  readonly #completed: CompletedSets;
  #reports: IncompleteReport[] = [];
  #latestMs = Number.NEGATIVE_INFINITY;

  /** @throws {@link SegmentationError} `INVALID_OPTION` */
  constructor(options: ReassemblerOptions) {
    this.#options = resolveReassemblerOptions(options);
    this.#completed = new CompletedSets(this.#options.maxCompletedSets);
  }

  /** Memory that waiting segments take, with what it costs to keep account of them; at most `maxBufferedBytes`. */
  get bufferedBytes(): number {
    return this.#usage.bytes;
  }

  /**
   * Takes one received message. Never throws for what it is given, and keeps no reference to `bytes`, except that a
   * payload that travelled as it is comes back as the same array.
   *
   * @param sender - segments of different senders never mix; any short name the caller trusts, empty for none
   * @param nowMs - what the clock says, unless given
   */
  accept(bytes: Uint8Array, from: { readonly nowMs?: number; readonly sender?: string } = {}): AcceptResult {
    const { nowMs = this.#options.clock.nowMs() } = from;
    const sender = from.sender === "" ? undefined : from.sender;
    const result = this.#take(bytes, nowMs, sender);
    // Only now: whatever kept a set waiting, the segment that has come for it is no reason to give it up.
    this.#dropExpired(nowMs);
    if (result.kind === "discarded") {
      const { reason, setId } = result;
      this.#options.observer.discarded?.(reason, { ...(setId !== undefined && { setId }), ...named(sender) });
    }
    return result;
  }

  /**
   * Drops the sets that got nothing for `timeoutMs`, and forgets what was completed that long ago. `accept` does so
   * too; call it now and then where nothing may arrive for long.
   *
   * @returns a report for each set that timed out or was evicted since the last call: the newest 64 of them
   */
  expire(nowMs: number = this.#options.clock.nowMs()): IncompleteReport[] {
    this.#dropExpired(nowMs);
    const reports = this.#reports;
    this.#reports = [];
    return reports;
  }

  /** Has a set count as complete, as after a restart: its segments are duplicates from here on. */
  markComplete(setId: string, { sender, completedAtMs }: { readonly sender?: string; readonly completedAtMs: number }) {
    const keeper = shortName(sender);
    const key = keyOf(keeper, setId);
    const set = this.#sets.get(key);
    if (set !== undefined) this.#remove(key, set);
    this.#completed.add(key, keeper, completedAtMs);
  }

  #take(bytes: Uint8Array, nowMs: number, sender: string | undefined): AcceptResult {
    const { maxMessageSize, maxPayloadSize, wrap } = this.#options;
    if (bytes.length > maxMessageSize) return { kind: "discarded", reason: "oversized" };
    const parsed = parseSegment(bytes);
    if (parsed.kind === "segment") return this.#takeSegment(parsed.segment, nowMs, sender);
    if (wrap === "always") return { kind: "discarded", reason: parsed.kind };
    if (bytes.length > maxPayloadSize) return { kind: "discarded", reason: "oversized" };
    return { kind: "complete", payload: bytes, ...named(sender) };
  }

  #takeSegment(segment: Segment, nowMs: number, sender: string | undefined): AcceptResult {
    const setId = setIdOf(segment);
    const discard = (reason: DiscardReason): AcceptResult => ({ kind: "discarded", reason, setId });
    if (this.#options.blind && segment.payloadLength < BLINDING_BYTES) return discard("invalid");
    if (this.#isOversized(segment, sender)) return discard("oversized");
    const keeper = shortName(sender);
    const key = keyOf(keeper, setId);
    if (this.#completed.has(key)) return discard("duplicate");

    const waiting = this.#sets.get(key);
    const set = waiting ?? new PartialSet(segment, setId, sender, nowMs, this.#maxBytesOf(sender));
    const outcome = set.add(segment, nowMs, this.#roomFor(sender));
    if (outcome === "duplicate" || outcome === "mismatch") return discard(outcome);
    this.#usage.set(set);
    if (outcome === "first") {
      // Taken out and put in again, it is the most recently updated.
      this.#sets.delete(key);
      this.#sets.set(key, set);
    }

    const solved = set.isReady ? set.solve(this.#options.random) : undefined;
    if (solved !== undefined) {
      this.#remove(key, set);
      this.#completed.add(key, keeper, nowMs);
      const { payload, forged } = solved;
      const unblinded = this.#options.blind ? payload.subarray(BLINDING_BYTES) : payload;
      return { kind: "complete", payload: unblinded, setId, ...named(sender), ...(forged > 0 && { forged }) };
    }
    this.#evict(set, nowMs);
    const { index, isParity } = segment;
    return { kind: "pending", setId, index, isParity, held: set.held, needed: set.needed, total: set.total };
  }

  #isOversized(segment: Segment, sender: string | undefined): boolean {
    const { blind, maxPayloadSize, maxTotalSegments } = this.#options;
    return (
      segment.payloadLength > maxPayloadSize + (blind ? BLINDING_BYTES : 0) ||
      segment.dataCount + segment.parityCount > maxTotalSegments ||
      maxCostOf(segment, sender) > this.#maxBytesOf(sender)
    );
  }

  #maxBytesOf(sender: string | undefined): number {
    const { maxBufferedBytes, maxBufferedBytesPerSender } = this.#options;
    return sender === undefined ? maxBufferedBytes : Math.min(maxBufferedBytes, maxBufferedBytesPerSender);
  }

  #roomFor(sender: string | undefined): number {
    const free = this.#options.maxBufferedBytes - this.#usage.bytes;
    if (sender === undefined) return free;
    return Math.min(free, this.#maxBytesOf(sender) - this.#usage.of(sender).bytes);
  }

  /** The set that just grew stays: none that is larger than the bounds gets in. */
  #evict(grown: PartialSet, nowMs: number): void {
    const { maxBufferedBytes, maxSets, maxBufferedBytesPerSender, maxSetsPerSender } = this.#options;
    const { sender } = grown;
    if (sender !== undefined) {
      const own = () => this.#usage.of(sender);
      for (const [key, set] of this.#sets) {
        if (own().bytes <= maxBufferedBytesPerSender && own().sets <= maxSetsPerSender) break;
        if (set.sender === sender && set !== grown) this.#giveUp(key, set, "evicted", nowMs);
      }
    }
    for (const [key, set] of this.#sets) {
      if (this.#usage.bytes <= maxBufferedBytes && this.#sets.size <= maxSets) return;
      if (set !== grown) this.#giveUp(key, set, "evicted", nowMs);
    }
  }

  #dropExpired(nowMs: number): void {
    if (nowMs < this.#latestMs) this.#setBackClock(nowMs);
    this.#latestMs = nowMs;
    const deadlineMs = nowMs - this.#options.timeoutMs;
    for (const [key, set] of this.#sets) {
      if (set.updatedAtMs > deadlineMs) break;
      this.#giveUp(key, set, "timeout", nowMs);
    }
    this.#completed.forget(deadlineMs);
  }

  #setBackClock(nowMs: number): void {
    for (const set of this.#sets.values()) set.setBackClock(nowMs);
    this.#completed.setBackClock(nowMs);
  }

  #giveUp(key: string, set: PartialSet, reason: IncompleteReport["reason"], nowMs: number): void {
    this.#remove(key, set);
    const report = set.report(reason, nowMs);
    this.#reports.push(report);
    if (this.#reports.length > MAX_WAITING_REPORTS) this.#reports.shift();
    this.#options.observer.incomplete?.(report);
  }

  #remove(key: string, set: PartialSet): void {
    if (this.#sets.delete(key)) this.#usage.delete(set);
  }
}

function named(sender: string | undefined): { readonly sender?: string } {
  return sender === undefined ? {} : { sender };
}
