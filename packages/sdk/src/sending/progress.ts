/**
 * Tells how far messages of many segments have come, a few times a second each at most.
 * @module
 */
import type { Context } from "../context.ts";
import type { TransferProgress } from "../notifier.ts";
import { bytesOf } from "./transfer-book.ts";

const EVERY_MS = 250;

type Teller = { cancel: () => void; next: (() => Promise<TransferProgress | undefined>) | undefined };

/** Of an outgoing message that is under way; undefined for any other. */
export async function outgoingProgress(
  { transfers, sessions, outbox, store }: Pick<Context, "transfers" | "sessions" | "outbox" | "store">,
  messageId: string,
): Promise<TransferProgress | undefined> {
  const pending = await store.messages.pendingCount(messageId);
  const record = transfers.get(messageId);
  const conversationId = sessions.get(record?.sessionId ?? "")?.conversationId;
  if (record === undefined || conversationId === undefined) return undefined;
  const done = Math.max(0, record.made - pending);
  const sent = Math.max(done, record.made - outbox.unsentSegments(messageId).length);
  return {
    ...{ messageId, conversationId, direction: "outgoing" },
    ...{ doneBytes: bytesOf(record, done), totalBytes: record.length, sentBytes: bytesOf(record, sent) },
    ...(record.isPaused && { isPaused: true }),
  };
}

export class ProgressTeller {
  readonly #context: Context;
  readonly #tellers = new Map<string, Teller>();
  readonly #stopObserving: () => void;

  constructor(context: Context) {
    this.#context = context;
    this.#stopObserving = context.notifier.observe((change) => {
      if (change.kind === "moved") this.update(change.messageId, () => outgoingProgress(context, change.messageId));
      if (change.kind === "arriving") {
        const { kind, ...progress } = change;
        this.update(change.messageId, async () => progress);
      }
      // Whatever is told now is the last of it.
      if (change.kind === "status" && change.status !== "sent") this.#forget(change.messageId);
      if (change.kind === "incoming" || change.kind === "cancelled") this.#forget(change.messageId);
    });
  }

  /** Asks for the progress when it is time to tell it; what became of a message meanwhile is not told. */
  update(messageId: string, progress: () => Promise<TransferProgress | undefined>): void {
    const teller = this.#tellers.get(messageId);
    if (teller !== undefined) {
      teller.next = progress;
      return;
    }
    const started: Teller = { cancel: () => {}, next: undefined };
    this.#tellers.set(messageId, started);
    void this.#tell(messageId, started, progress);
  }

  close(): void {
    this.#stopObserving();
    for (const messageId of [...this.#tellers.keys()]) this.#forget(messageId);
  }

  async #tell(messageId: string, teller: Teller, progress: () => Promise<TransferProgress | undefined>): Promise<void> {
    const { clock, notifier } = this.#context;
    teller.next = undefined;
    teller.cancel = clock.after(EVERY_MS, () => {
      if (teller.next === undefined) this.#forget(messageId);
      else void this.#tell(messageId, teller, teller.next);
    });
    try {
      const told = await progress();
      if (told !== undefined && this.#tellers.get(messageId) === teller) notifier.notify({ kind: "progress", ...told });
    } catch (error) {
      if (this.#tellers.get(messageId) === teller) notifier.notify({ kind: "error", error });
    }
  }

  #forget(messageId: string): void {
    this.#tellers.get(messageId)?.cancel();
    this.#tellers.delete(messageId);
  }
}
