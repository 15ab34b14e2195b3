/**
 * A reassembler whose half-received payloads survive the end of the process. What it says, it says after the store has
 * it: a segment reported as held is on disk, and a payload reported as complete is complete again after a crash, until
 * it is `taken`.
 * @module
 */
import { type ReassemblerOptions, type ResolvedReassemblerOptions, resolveReassemblerOptions } from "../options.ts";
import type { PartialSetStore } from "./partial-set-store.ts";
import { Reassembler } from "./reassembler.ts";
import type { AcceptResult, IncompleteReport } from "./results.ts";
import { keyOf } from "./set-key.ts";

export type DurableReassemblerOptions = ReassemblerOptions & { readonly store: PartialSetStore };

/** A payload that had become whole but was not taken before the process ended. */
export type RecoveredPayload = { readonly payload: Uint8Array; readonly setId: string; readonly sender?: string };

type From = { readonly sender?: string; readonly nowMs?: number };

export class DurableReassembler {
  readonly #store: PartialSetStore;
  readonly #options: ResolvedReassemblerOptions;
  /** Undefined when the store failed and memory may be ahead of it. */
  #loaded: Promise<Reassembler> | undefined;
  /** Complete sets that the application was given and has not taken. */
  readonly #handedOut = new Set<string>();
  #givenUp: IncompleteReport[] = [];
  #recovered: RecoveredPayload[] = [];
  #forgottenAtMs = Number.NEGATIVE_INFINITY;

  private constructor(options: DurableReassemblerOptions) {
    this.#store = options.store;
    this.#options = resolveReassemblerOptions(options);
  }

  /**
   * Loads what the store holds.
   *
   * @throws {@link SegmentationError} `INVALID_OPTION`, and what the store throws, both as a rejection
   */
  static async open(options: DurableReassemblerOptions): Promise<DurableReassembler> {
    const reassembler = new DurableReassembler(options);
    await reassembler.#current();
    return reassembler;
  }

  /** Hands out, once, the payloads that were whole but not taken when the process ended. `taken` is due for them too. */
  recovered(): RecoveredPayload[] {
    const recovered = this.#recovered;
    this.#recovered = [];
    return recovered;
  }

  /**
   * As {@link Reassembler.accept}. Calls may overlap; they take effect in call order.
   *
   * @throws what the store throws, as a rejection: the segment is not held, and may be given again
   */
  async accept(bytes: Uint8Array, from: From = {}): Promise<AcceptResult> {
    const reassembler = await this.#current();
    const { sender, nowMs = this.#options.clock.nowMs() } = from;
    const result = reassembler.accept(bytes, { ...from, nowMs });
    const writes = this.#writesOfGivenUp();
    if (result.kind !== "discarded" && result.setId !== undefined) {
      const { setId } = result;
      if (result.kind === "complete") this.#handedOut.add(keyOf(sender ?? "", setId));
      writes.push(this.#store.add({ setId, sender: sender ?? "", bytes, receivedAtMs: nowMs }));
    }
    writes.push(...this.#forgetting(nowMs));
    try {
      await this.#settle(writes);
    } catch (error) {
      if (result.kind === "complete") this.#handedOut.delete(keyOf(sender ?? "", result.setId ?? ""));
      throw error;
    }
    return result;
  }

  /**
   * The application has the payload where it will not be lost: its segments go, and late ones are duplicates, also
   * after a restart. Nothing to do for a payload without a set id.
   */
  async taken({ setId, sender, nowMs = this.#options.clock.nowMs() }: From & { readonly setId?: string }) {
    if (setId === undefined) return;
    // A load that is under way reads in several steps, and would find the set in one and not in another.
    await this.#loaded?.catch(() => {});
    await this.#store.complete({ setId, sender: sender ?? "", completedAtMs: nowMs });
    this.#handedOut.delete(keyOf(sender ?? "", setId));
  }

  /** As {@link Reassembler.expire}; what was given up is gone from the store as well. */
  async expire(nowMs: number = this.#options.clock.nowMs()): Promise<IncompleteReport[]> {
    const reports = (await this.#current()).expire(nowMs);
    await this.#settle([...this.#writesOfGivenUp(), ...this.#forgetting(nowMs)]);
    return reports;
  }

  #current(): Promise<Reassembler> {
    if (this.#loaded === undefined) {
      const loading = this.#load();
      this.#loaded = loading;
      loading.catch(() => {
        if (this.#loaded === loading) this.#loaded = undefined;
      });
    }
    return this.#loaded;
  }

  async #load(): Promise<Reassembler> {
    const { observer } = this.#options;
    const reassembler = new Reassembler({
      ...this.#options,
      observer: {
        incomplete: (report) => {
          this.#givenUp.push(report);
          observer.incomplete?.(report);
        },
        discarded: (reason, from) => observer.discarded?.(reason, from),
      },
    });
    for await (const { setId, sender, completedAtMs } of this.#store.completed()) {
      reassembler.markComplete(setId, { ...senderOf(sender), completedAtMs });
    }
    for await (const { sender, bytes, receivedAtMs } of this.#store.segments()) {
      const from = senderOf(sender);
      const result = reassembler.accept(bytes, { ...from, nowMs: receivedAtMs });
      if (result.kind !== "complete" || result.setId === undefined) continue;
      const key = keyOf(from.sender ?? "", result.setId);
      if (this.#handedOut.has(key)) continue;
      this.#handedOut.add(key);
      this.#recovered.push({ payload: result.payload, setId: result.setId, ...from });
    }
    await Promise.all(this.#writesOfGivenUp());
    return reassembler;
  }

  async #settle(writes: readonly Promise<void>[]): Promise<void> {
    const outcomes = await Promise.allSettled(writes);
    const failure = outcomes.find((outcome) => outcome.status === "rejected");
    if (failure === undefined) return;
    this.#loaded = undefined;
    throw failure.reason;
  }

  #writesOfGivenUp(): Promise<void>[] {
    const reports = this.#givenUp;
    this.#givenUp = [];
    return reports.map(({ setId, sender }) => this.#store.remove(setId, sender ?? ""));
  }

  /** Now and then, not with every segment. */
  #forgetting(nowMs: number): Promise<void>[] {
    const { timeoutMs } = this.#options;
    if (Math.abs(nowMs - this.#forgottenAtMs) < timeoutMs) return [];
    this.#forgottenAtMs = nowMs;
    return [this.#store.forgetCompleted(nowMs - timeoutMs)];
  }
}

function senderOf(sender: string): { sender?: string } {
  return sender === "" ? {} : { sender };
}
