/**
 * One ordered, typed stream of everything that happens in the background.
 * New types will be added: ignore those that you do not know.
 * @module
 */
import type { Quota } from "@chat/ratelimit";
import type { HealthStatus } from "./delivery/delivery-service.ts";
import type { DeliveryStatus, IncomingMessage } from "./message.ts";
import type { TransferProgress } from "./notifier.ts";
import type { Standing } from "./peers/peer-file.ts";

export type ChatEvent =
  | { readonly type: "message"; readonly message: IncomingMessage }
  | {
      readonly type: "status";
      readonly messageId: string;
      readonly conversationId: string;
      readonly status: DeliveryStatus;
    }
  /** How far a message of many segments has come, a few times a second at most. */
  | ({ readonly type: "progress" } & TransferProgress)
  /** An incoming message of many segments will not arrive as a whole: its sender took it back, or it was refused here. */
  | { readonly type: "cancelled"; readonly messageId: string; readonly conversationId: string }
  /** The other side writes, which it says again before `until`; or it no longer does. */
  | { readonly type: "typing"; readonly conversationId: string; readonly isTyping: boolean; readonly until?: Date }
  /** The peer refers to messages that have not arrived. They are being looked for. */
  | { readonly type: "missing"; readonly conversationId: string; readonly count: number; readonly since: Date }
  /** What was missing has arrived, or its sender took it back; or it was given up for lost. */
  | { readonly type: "found" | "lost"; readonly conversationId: string; readonly count: number }
  /** Somebody new, or what they may do has changed: a `request` waits for `accept`, `decline` or `block`. */
  | { readonly type: "standing"; readonly conversationId: string; readonly standing: Standing }
  /**
   * This database, or that of the other side, was put back to an older state, and the conversation goes on. The other side
   * had sent `resent` messages that were not here, which arrive again; `lost` could not be sent again; and it has
   * `lostOwn` messages of ours that are not here.
   */
  | {
      readonly type: "resumed";
      readonly conversationId: string;
      readonly resent: number;
      readonly lost: number;
      readonly lostOwn: number;
    }
  /** As after a restore, but the other side has given nothing to begin anew with: accept a new invite of it, or send one. */
  | { readonly type: "stranded"; readonly conversationId: string }
  /** The time of a message is over, and it is gone. */
  | { readonly type: "expired"; readonly messageId: string; readonly conversationId: string }
  /**
   * So many messages of the mailbox were read from the store nodes since the look began; when it is done, whatever was
   * there is in the database. It begins at start, after a reconnect, and every five minutes.
   */
  | { readonly type: "catch-up"; readonly messages: number; readonly isDone: boolean }
  | { readonly type: "connection"; readonly health: HealthStatus }
  /** Another epoch, another limit, or quota became low, exhausted, or high again. */
  | { readonly type: "quota"; readonly quota: Quota }
  /** Something failed in the background, for example the disk. */
  | { readonly type: "error"; readonly error: unknown }
  /** The reader was too slow: this many older events were left out. */
  | { readonly type: "overflow"; readonly dropped: number };

const MAX_BUFFERED_EVENTS = 1000;

type Reader = { readonly queue: ChatEvent[]; dropped: number; wake: () => void };

/** Gives every event to every reader, in order. A reader that falls behind loses the oldest and is told so. */
export class EventHub {
  readonly #readers = new Set<Reader>();
  #isClosed = false;

  get hasReaders(): boolean {
    return this.#readers.size > 0;
  }

  emit(event: ChatEvent): void {
    for (const reader of this.#readers) {
      if (reader.queue.length >= MAX_BUFFERED_EVENTS) {
        reader.queue.shift();
        reader.dropped += 1;
      }
      reader.queue.push(event);
      reader.wake();
    }
  }

  /** Starts listening at once, not at the first `next()`. Ends on `signal` and on {@link close}. */
  read(signal?: AbortSignal): AsyncIterableIterator<ChatEvent> {
    const reader: Reader = { queue: [], dropped: 0, wake: () => {} };
    if (!this.#isClosed) this.#readers.add(reader);
    const wake = () => reader.wake();
    signal?.addEventListener("abort", wake);
    const end = () => {
      this.#readers.delete(reader);
      signal?.removeEventListener("abort", wake);
    };
    const isEnded = () => signal?.aborted === true || !this.#readers.has(reader);
    return (async function* () {
      try {
        while (!isEnded() || reader.queue.length > 0) {
          if (signal?.aborted) return;
          if (reader.dropped > 0) {
            const { dropped } = reader;
            reader.dropped = 0;
            yield { type: "overflow", dropped } as const;
          }
          const event = reader.queue.shift();
          if (event !== undefined) yield event;
          else
            await new Promise<void>((resolve) => {
              reader.wake = resolve;
            });
        }
      } finally {
        end();
      }
    })();
  }

  /** What was emitted before still reaches the readers; then they end. */
  close(): void {
    this.#isClosed = true;
    const readers = [...this.#readers];
    this.#readers.clear();
    for (const reader of readers) reader.wake();
  }
}

/** Those of one conversation. */
export async function* eventsOf(
  events: AsyncIterable<ChatEvent>,
  id: string,
): AsyncGenerator<ChatEvent, void, undefined> {
  for await (const event of events) {
    const isOfIt = "conversationId" in event ? event.conversationId === id : undefined;
    if (isOfIt ?? (event.type === "message" && event.message.conversation.id === id)) yield event;
  }
}
