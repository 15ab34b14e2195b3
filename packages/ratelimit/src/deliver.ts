/**
 * Hands one message to the delivery service, and says how that ended.
 * @module
 */
import { DeliveryError } from "./delivery-service.ts";
import type { DeliveryProblem, Outcome } from "./message.ts";
import type { ResolvedOptions } from "./options.ts";
import type { QueuedRecord } from "./queue-store.ts";

/** @returns undefined if `signal` was aborted before it ended */
export async function deliver(
  { store, delivery }: ResolvedOptions,
  { id, slot, attempts }: QueuedRecord,
  signal: AbortSignal,
): Promise<Extract<Outcome, { kind: "passed" | "failed" }> | undefined> {
  try {
    const bytes = await store.bytesOf(id);
    if (signal.aborted) return undefined;
    if (bytes === undefined || slot === undefined) {
      throw new DeliveryError("message: want its bytes in the store, got none", { isTemporary: false });
    }
    const receipt = await delivery.deliver({ id, bytes, slot, attempt: attempts, signal });
    return { kind: "passed", slot, receipt };
  } catch (error) {
    if (signal.aborted) return undefined;
    return { kind: "failed", reason: "refused", problem: problemOf(error), willRetry: false };
  }
}

/** What became of the messages after the one that was not taken. */
export function notPassed(problem: DeliveryProblem): Outcome {
  return { kind: "failed", reason: "not-passed", problem, willRetry: false };
}

function problemOf(error: unknown): DeliveryProblem {
  const message = error instanceof Error ? error.message : String(error);
  return { message, isTemporary: !(error instanceof DeliveryError) || error.isTemporary };
}
