/**
 * Waiting for a message to come as far as asked. @module
 */
import type { Context } from "../context.ts";
import { ChatError } from "../errors.ts";
import type { DeliveryStatus } from "../message.ts";

export interface WaitOptions {
  /** Ends the waiting: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Where a message belongs and how far it has come. @throws {@link ChatError} `NOT_FOUND` */
export async function outgoingMessage({ store }: Pick<Context, "store">, id: string) {
  const record = await store.messages.message(id);
  if (record === undefined || record.status === "received") {
    throw new ChatError("NOT_FOUND", `no outgoing message ${id} in this database`);
  }
  const { conversationId, status } = record;
  return { conversationId, status };
}

/**
 * Resolves when the status is `wanted` or further.
 * @throws {@link ChatError} `MESSAGE_FAILED`, `MESSAGE_DROPPED`, `NOT_FOUND`, `CLOSED`; the signal's reason
 */
export async function waitForStatus(
  { store, notifier }: Context,
  messageId: string,
  wanted: "sent" | "delivered",
  { signal }: WaitOptions,
  closing: AbortSignal,
): Promise<void> {
  const reached = Promise.withResolvers<void>();
  const look = (status: DeliveryStatus) => {
    if (status === wanted || status === "delivered") reached.resolve();
    if (status === "dropped") {
      reached.reject(new ChatError("MESSAGE_DROPPED", "quota was low and the message optional, so it was not sent"));
    }
    if (status === "failed")
      reached.reject(new ChatError("MESSAGE_FAILED", "the network refused this message for good; see the error event"));
  };
  const stopObserving = notifier.observe((change) => {
    if (change.kind === "status" && change.messageId === messageId) look(change.status);
  });
  const onAbort = () => reached.reject(signal?.reason);
  const onClose = () =>
    reached.reject(new ChatError("CLOSED", "the client was closed; open the database again to go on waiting"));
  signal?.addEventListener("abort", onAbort);
  closing.addEventListener("abort", onClose);
  try {
    signal?.throwIfAborted();
    if (closing.aborted) onClose();
    else {
      look((await outgoingMessage({ store }, messageId)).status);
    }
    await reached.promise;
  } finally {
    reached.promise.catch(() => {}); // it may be rejected when nobody waits any more
    stopObserving();
    signal?.removeEventListener("abort", onAbort);
    closing.removeEventListener("abort", onClose);
  }
}
