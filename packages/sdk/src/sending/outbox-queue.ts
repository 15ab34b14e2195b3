/**
 * The outbox as the queue of the rate limit manager: what the manager makes durable goes into the rows that were
 * written together with the ratchet step, so that no message is stored twice and none without its ratchet step.
 * @module
 */
import type { LedgerRecord, Outcome, QueueChange, QueueContents, QueuedRecord, QueueStore } from "@chat/ratelimit";
import type { OutboxEntry, StoreTransaction } from "@chat/store";
import type { Context } from "../context.ts";
import type { OutboxRows } from "./outbox-rows.ts";

/** What became of a row, once that is durable. `kept`: it was dropped, but has to go, so it waits like others. */
export type RowEnding = "sent" | "failed" | "expired" | "dropped" | "kept";

export type OutboxQueueParts = {
  readonly context: Pick<Context, "store" | "clock" | "transfers">;
  readonly rows: OutboxRows;
  /** Of an epoch; a ledger of epochs of another length says nothing about these. */
  readonly epochSeconds: number;
  /** Whether the row's timestamp is one that no service node takes any more. */
  readonly hasExpired: (row: OutboxEntry) => boolean;
  /** The row waits for its next attempt, and for nothing else. */
  readonly onPause: (row: OutboxEntry) => void;
  readonly onEnd: (row: OutboxEntry, ending: RowEnding, isLastOfMessage: boolean) => void;
};

/** `write` goes into the transaction; the others run when it is durable, or when it failed. */
type Step = {
  readonly write: (tx: StoreTransaction) => void;
  readonly afterwards?: () => void;
  readonly takeBack?: () => void;
};

export class OutboxQueue implements QueueStore {
  readonly #parts: OutboxQueueParts;
  /** Rows whose end is on its way into the store. */
  readonly #ending = new Set<string>();

  constructor(parts: OutboxQueueParts) {
    this.#parts = parts;
  }

  /** Only rows that hold a place in an epoch's quota; the others are submitted as if they were new. */
  async load(): Promise<QueueContents> {
    const queued: QueuedRecord[] = [];
    for await (const row of this.#parts.context.store.messages.outbox()) {
      if (row.transmission !== undefined) queued.push(toRecord(row, row.transmission, queued.length + 1));
    }
    const ledger = await this.#ledger();
    const restoredAtMs = await this.#parts.context.store.messages.restoredAtMs();
    return {
      queued,
      ended: [],
      ...(ledger !== undefined && { ledger }),
      ...(restoredAtMs !== undefined && { restoredAtMs }),
    };
  }

  async commit(changes: readonly QueueChange[]): Promise<void> {
    const steps = changes.flatMap((change) => this.#step(change) ?? []);
    if (steps.length === 0) return;
    try {
      await this.#parts.context.store.write((tx) => {
        for (const { write } of steps) write(tx);
      });
    } catch (error) {
      for (const { takeBack } of steps.toReversed()) takeBack?.();
      throw error;
    }
    for (const { afterwards } of steps) afterwards?.();
  }

  bytesOf(id: string): Promise<Uint8Array | undefined> {
    return this.#parts.context.store.messages.outboxPayload(id);
  }

  /** The store is the client's. */
  async close(): Promise<void> {}

  #step(change: QueueChange): Step | undefined {
    switch (change.kind) {
      case "ledger":
        return this.#putLedger(change.ledger);
      case "put":
        return this.#putTransmission(change.record);
      case "end":
        return this.#end(change.record.id, change.record.outcome);
      case "forget":
        return undefined; // how a message ended is its status in the message database
    }
  }

  #putTransmission({ id, slot, attempts, notBeforeMs }: QueuedRecord): Step | undefined {
    const { rows, context, onPause } = this.#parts;
    const row = rows.get(id);
    if (row === undefined || slot === undefined) return undefined;
    const nowMs = context.clock.nowMs();
    const pause = notBeforeMs !== undefined && { notBeforeMs: Math.ceil(notBeforeMs) };
    const transmission = { ...slot, attempts, ...pause };
    // A whole second, so that it says little; durable before the first transmission and never changed after.
    const timestampMs = row.timestampMs ?? Math.floor(nowMs / 1000) * 1000;
    return {
      write: ({ messages }) => {
        messages.setTransmission(id, transmission);
        messages.stampOutbox(id, timestampMs);
      },
      afterwards: () => {
        rows.replace({ ...row, transmission, timestampMs });
        if (notBeforeMs !== undefined && notBeforeMs > nowMs) onPause(row);
      },
    };
  }

  #end(id: string, outcome: Outcome): Step | undefined {
    const { rows, onEnd } = this.#parts;
    const row = rows.get(id);
    if (row === undefined) return undefined;
    const ending = this.#endingOf(row, outcome);
    if (ending === "kept") {
      const kept: OutboxEntry = { ...row, priority: "normal" };
      return {
        write: ({ messages }) => messages.setOutboxPriority(id, "normal"),
        afterwards: () => {
          rows.replace(kept);
          onEnd(kept, ending, false);
        },
      };
    }
    // Noted at once, so that exactly one of the rows of a message finds itself the last, however they overlap.
    this.#ending.add(id);
    const { messageId, purpose } = row;
    const isLast =
      messageId !== undefined &&
      this.#parts.context.transfers.isMade(messageId) &&
      rows.ofMessage(messageId).every((other) => this.#ending.has(other.id));
    return {
      write: ({ messages }) => {
        messages.deleteOutbox(id);
        if (messageId === undefined) return;
        if (ending === "sent" && isLast) messages.setStatus(messageId, "sent");
        if (ending === "failed" && purpose === "content") messages.setStatus(messageId, "failed");
      },
      afterwards: () => {
        this.#ending.delete(id);
        rows.delete(id);
        onEnd(row, ending, isLast);
      },
      takeBack: () => this.#ending.delete(id),
    };
  }

  #endingOf(row: OutboxEntry, outcome: Outcome): RowEnding {
    if (outcome.kind === "passed") return "sent";
    // Part of it may have left, and SDS would send it again: content is dropped before it is encrypted, or not at all.
    if (outcome.kind === "dropped") return row.purpose === "content" ? "kept" : "dropped";
    return this.#parts.hasExpired(row) ? "expired" : "failed";
  }

  #putLedger(ledger: LedgerRecord): Step {
    const { epochSeconds } = this.#parts;
    const bytes = new TextEncoder().encode(JSON.stringify({ epochSeconds, ledger }));
    return { write: ({ messages }) => messages.putQuotaLedger(bytes) };
  }

  async #ledger(): Promise<LedgerRecord | undefined> {
    const bytes = await this.#parts.context.store.messages.quotaLedger();
    if (bytes === undefined) return undefined;
    const stored: StoredLedger = JSON.parse(new TextDecoder().decode(bytes));
    return stored.epochSeconds === this.#parts.epochSeconds ? stored.ledger : undefined;
  }
}

/** Written by nobody else: stores vouch for what they hold. */
type StoredLedger = { readonly epochSeconds: number; readonly ledger: LedgerRecord };

function toRecord(row: OutboxEntry, transmission: NonNullable<OutboxEntry["transmission"]>, sequence: number) {
  const { id, priority, length, createdAtMs: submittedAtMs } = row;
  const { epoch, index, attempts, notBeforeMs } = transmission;
  const pause = notBeforeMs !== undefined && { notBeforeMs };
  return { id, sequence, priority, length, slot: { epoch, index }, attempts, submittedAtMs, ...pause };
}
