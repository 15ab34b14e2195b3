/**
 * Watching a message come as far as asked. @module
 */
import { nextStatus } from "@chat/store";
import type { Context } from "../context.ts";
import { ChatError } from "../errors.ts";
import type { DeliveryStatus } from "../message.ts";

export interface WaitOptions {
  /** Ends the waiting: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

type Wanted = "sent" | "delivered" | "read";

/** What has come this far has come to what is before it. */
const WAY: readonly DeliveryStatus[] = ["queued", "sent", "delivered", "read"];
/** Nothing follows, or nothing that is worth waiting for. */
const LAST: readonly DeliveryStatus[] = ["read", "failed", "cancelled", "dropped"];

/** Where a message belongs and how far it has come. @throws {@link ChatError} `NOT_FOUND` */
export async function outgoingMessage({ store }: Pick<Context, "store">, id: string) {
  const record = await store.messages.messageState(id);
  if (record === undefined || record.status === "received") {
    throw new ChatError("NOT_FOUND", `no outgoing message ${id} in this database`);
  }
  const { conversationId, status } = record;
  return { conversationId, status };
}

/** The status that a message has, then each that follows; ends with the last, on `signal` and on `closing`. */
export async function* statusesOf(
  { store, notifier }: Pick<Context, "store" | "notifier">,
  messageId: string,
  { signal }: WaitOptions,
  closing: AbortSignal,
): AsyncGenerator<DeliveryStatus, void, undefined> {
  const ended = signal === undefined ? closing : AbortSignal.any([signal, closing]);
  const heard: DeliveryStatus[] = [];
  let wake = () => {};
  const stopObserving = notifier.observe((change) => {
    if (change.kind !== "status" || change.messageId !== messageId) return;
    heard.push(change.status);
    wake();
  });
  const onEnd = () => wake();
  ended.addEventListener("abort", onEnd);
  try {
    let current = (await outgoingMessage({ store }, messageId)).status;
    if (!ended.aborted) yield current;
    while (!ended.aborted && !LAST.includes(current)) {
      const next = heard.shift();
      if (next === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      } else if (next !== current && nextStatus(current, next) === next) {
        current = next;
        yield current;
      }
    }
  } finally {
    stopObserving();
    ended.removeEventListener("abort", onEnd);
  }
}

/**
 * Resolves when the status is `wanted` or further.
 * @throws {@link ChatError} `MESSAGE_FAILED`, `MESSAGE_CANCELLED`, `MESSAGE_DROPPED`, `NOT_FOUND`, `CLOSED`; the signal's
 *   reason
 */
export async function waitForStatus(
  { store, notifier }: Context,
  messageId: string,
  wanted: Wanted,
  { signal }: WaitOptions,
  closing: AbortSignal,
): Promise<void> {
  const reached = Promise.withResolvers<void>();
  const look = (status: DeliveryStatus) => {
    if (WAY.indexOf(status) >= WAY.indexOf(wanted)) reached.resolve();
    const failure = failureOf(status);
    if (failure !== undefined) reached.reject(failure);
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

function failureOf(status: DeliveryStatus): ChatError | undefined {
  switch (status) {
    case "dropped":
      return new ChatError("MESSAGE_DROPPED", "quota was low and the message optional, so it was not sent");
    case "cancelled":
      return new ChatError("MESSAGE_CANCELLED", "the transfer was cancelled, by this side or the other");
    case "failed":
      return new ChatError("MESSAGE_FAILED", "the network refused this message for good; see the error event");
    default:
      return undefined;
  }
}
