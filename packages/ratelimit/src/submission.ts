/**
 * What the submitter of a message holds: its status now, as it changes, and as it ends.
 * @module
 */
import { RateLimitError } from "./errors.ts";
import type { MessageStatus, Outcome } from "./message.ts";

/** What a submission asks of the manager. */
export interface StatusSource {
  status(id: string): MessageStatus | undefined;
  observeOne(id: string, listener: (status: MessageStatus) => void): () => void;
  cancel(id: string): Promise<boolean>;
  readonly closed: AbortSignal;
}

export class Submission {
  readonly id: string;
  readonly #source: StatusSource;

  constructor(id: string, source: StatusSource) {
    this.id = id;
    this.#source = source;
  }

  /** Undefined once the manager has forgotten how it ended. */
  get status(): MessageStatus | undefined {
    return this.#source.status(this.id);
  }

  /** @returns false if it was too late; of a batch, all of it is cancelled */
  cancel(): Promise<boolean> {
    return this.#source.cancel(this.id);
  }

  /** The status now, then each change, up to and including the outcome. Changes between two steps may be left out. */
  async *statuses({ signal }: { readonly signal?: AbortSignal } = {}): AsyncGenerator<MessageStatus, void, undefined> {
    let latest = this.status;
    let wake = () => {};
    let isNew = latest !== undefined;
    const stop = this.#source.observeOne(this.id, (status) => {
      latest = status;
      isNew = true;
      wake();
    });
    const ended = signal === undefined ? this.#source.closed : AbortSignal.any([signal, this.#source.closed]);
    const onEnd = () => wake();
    ended.addEventListener("abort", onEnd);
    try {
      for (;;) {
        if (isNew && latest !== undefined) {
          isNew = false;
          const status = latest;
          yield status;
          if (isOutcome(status)) return;
          continue;
        }
        signal?.throwIfAborted();
        if (ended.aborted) throw new RateLimitError("CLOSED", "manager: want it open, but it was closed");
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      stop();
      ended.removeEventListener("abort", onEnd);
    }
  }

  /**
   * How it ended.
   *
   * @throws the reason of `signal`; {@link RateLimitError} `CLOSED` when the manager closes before
   */
  async ended(options: { readonly signal?: AbortSignal } = {}): Promise<Outcome> {
    for await (const status of this.statuses(options)) if (isOutcome(status)) return status;
    throw new RateLimitError("CLOSED", "manager: want it open, but it was closed");
  }
}

export function isOutcome(status: MessageStatus): status is Outcome {
  return status.kind !== "queued" && status.kind !== "passing" && !(status.kind === "failed" && status.willRetry);
}
