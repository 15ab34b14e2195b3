/**
 * Publishes rows of the outbox, and tells the rate limit manager what a failure means.
 * @module
 */
import { DeliveryError, type DeliveryService, type Transmission } from "@chat/ratelimit";
import type { OutboxEntry } from "@chat/store";
import type { Context } from "../context.ts";
import { ChatError } from "../errors.ts";
import type { OutboxRows } from "./outbox-rows.ts";

/** A service node that refuses this often (about five minutes) will go on refusing. */
const MAX_REFUSALS = 9;
/** Service nodes take timestamps of the last ten minutes and the next twenty seconds. */
const OLDEST_STAMP_MS = 8 * 60 * 1000;
const NEWEST_STAMP_MS = 15 * 1000;

export type OutboxDeliveryParts = {
  readonly context: Pick<Context, "delivery" | "clock" | "notifier">;
  readonly rows: OutboxRows;
  /** The message did not reach a service node. */
  readonly onUnreachable: (error: unknown) => void;
  readonly onReached: (row: OutboxEntry) => void;
};

export class OutboxDelivery implements DeliveryService {
  readonly #parts: OutboxDeliveryParts;

  constructor(parts: OutboxDeliveryParts) {
    this.#parts = parts;
  }

  async deliver({ id, bytes, slot, attempt, signal }: Transmission): Promise<string> {
    const { context, rows, onReached } = this.#parts;
    const row = rows.get(id);
    if (row?.timestampMs === undefined) throw new DeliveryError("want a row of the outbox", { isTemporary: false });
    if (hasExpired(row, context.clock.nowMs())) throw new DeliveryError("too old", { isTemporary: false });
    const { topic, timestampMs, purpose } = row;
    await rows.durable(id).catch((cause: unknown) => {
      throw new DeliveryError("want a row that is durable", { isTemporary: false, cause });
    });
    try {
      const isRetransmission = purpose === "retransmission";
      const message = { topic, payload: bytes, timestampMs, slot, isRetransmission };
      const { messageHash } = await context.delivery.publish(message, { signal });
      onReached(row);
      return messageHash;
    } catch (error) {
      if (signal.aborted) throw error;
      throw this.#failure(error, attempt);
    }
  }

  #failure(error: unknown, attempt: number): DeliveryError {
    const { context, onUnreachable } = this.#parts;
    const isRefusal = error instanceof ChatError && error.code === "DELIVERY_REFUSED";
    if (isRefusal && attempt === 1) context.notifier.notify({ kind: "error", error });
    if (!isRefusal) onUnreachable(error);
    const isTemporary = !isRefusal || (error.retryable && attempt < MAX_REFUSALS);
    return new DeliveryError(error instanceof Error ? error.message : String(error), { isTemporary, cause: error });
  }
}

/** Whether no service node takes the row's timestamp any more: SDS sends the content again, in a new envelope. */
export function hasExpired({ timestampMs }: OutboxEntry, nowMs: number): boolean {
  if (timestampMs === undefined) return false;
  const ageMs = nowMs - timestampMs;
  return ageMs > OLDEST_STAMP_MS || ageMs < -NEWEST_STAMP_MS;
}
