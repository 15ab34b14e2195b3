/**
 * Incoming messages as an async iterator. It reads from the database, so it buffers nothing, misses nothing while
 * nobody listens, and continues after a restart where the application stopped.
 * @module
 */
import type { MessageRecord } from "@chat/store";
import type { Context } from "../context.ts";
import { follow } from "../follow.ts";

export interface MessageStreamOptions {
  /** Ends the iteration without an error. */
  readonly signal?: AbortSignal;
  /**
   * Starts after the message with this `sequence`, and leaves the stored position alone: for applications that keep
   * the position together with their own data. Without it, the stream continues where the last one ended.
   */
  readonly since?: number;
  /** Called once, when everything that was there has been taken. */
  readonly onCaughtUp?: () => void;
}

/** How far the application has taken the incoming messages: at once in memory, a little later on disk. */
export class TakenPosition {
  readonly #context: Context;
  #sequence: number;

  private constructor(context: Context, sequence: number) {
    this.#context = context;
    this.#sequence = sequence;
  }

  static async load(context: Context): Promise<TakenPosition> {
    return new TakenPosition(context, await context.store.messages.consumed());
  }

  get sequence(): number {
    return this.#sequence;
  }

  /** Resolves when it is durable; a disk that fails is told as an event. */
  async advance(sequence: number): Promise<void> {
    if (sequence <= this.#sequence) return;
    this.#sequence = sequence;
    const { store, notifier } = this.#context;
    try {
      await store.write((tx) => tx.messages.setConsumed(sequence));
    } catch (error) {
      notifier.notify({ kind: "error", error });
    }
  }
}

/**
 * A message counts as taken when the loop asks for the next one or is left: after a crash in between, it comes again.
 */
export async function* streamIncoming(
  { store, notifier }: Context,
  taken: TakenPosition,
  { signal, since, onCaughtUp }: MessageStreamOptions,
  closing: AbortSignal,
): AsyncGenerator<MessageRecord, void, undefined> {
  const ended = signal === undefined ? closing : AbortSignal.any([signal, closing]);
  const source = {
    notifier,
    read: (position: number, limit: number) => store.messages.incomingAfter(position, limit),
    positionOf: ({ sequence }: MessageRecord) => sequence,
    wakes: ["incoming"],
    onCaughtUp,
  } as const;
  let durable: Promise<void> = Promise.resolve();
  for await (const record of follow(source, since ?? taken.sequence, ended)) {
    await durable; // so that a crash repeats one message at most: the one in hand
    if (ended.aborted) return;
    try {
      yield record;
    } finally {
      if (since === undefined && !closing.aborted) durable = taken.advance(record.sequence);
    }
  }
}
