/**
 * Tells logger and metrics what happens in a client. It only listens: nothing waits for it, and it changes nothing.
 * @module
 */
import type { Context } from "../context.ts";
import type { DurableChange } from "../notifier.ts";
import { RecentMap } from "../recent-map.ts";
import type { LogFields, Logger, LogLevel } from "./logger.ts";
import { Metrics } from "./metrics.ts";

/** Enough for every message whose acknowledgement can be under way. */
const REMEMBERED_MESSAGES = 10_000;
const SHOWN_ID_CHARACTERS = 8;

export class Telemetry {
  readonly #logger: Logger;
  readonly #metrics: Metrics;
  readonly #clock: Context["clock"];
  readonly #sentAtMs = new RecentMap<number>(REMEMBERED_MESSAGES);
  readonly #stopObserving: readonly (() => void)[];

  constructor({ clock, notifier, delivery, outbox, discards }: Context, logger: Logger) {
    this.#logger = logger;
    this.#clock = clock;
    this.#metrics = new Metrics({ quota: () => outbox.quota, waiting: () => outbox.waitingCount });
    let known = outbox.quota;
    this.#stopObserving = [
      notifier.observe((change) => this.#changed(change)),
      delivery.onHealthChange((health) => this.#log("info", "connection", { health })),
      discards.onDiscard((reason) => {
        this.#metrics.discarded(reason);
        this.#log("debug", "discarded", { reason });
      }),
      outbox.onQuota((quota) => {
        const { level, epoch, remaining, total } = quota;
        if (level !== known.level) this.#log("info", "quota", { level, epoch, remaining, total });
        known = quota;
      }),
    ];
  }

  close(): void {
    for (const stop of this.#stopObserving) stop();
    this.#metrics.close();
    this.#log("info", "closed", {});
  }

  #changed(change: DurableChange): void {
    switch (change.kind) {
      case "incoming":
        this.#metrics.received();
        this.#log("debug", "message received", { message: shown(change.messageId) });
        break;
      case "status":
        this.#status(change.messageId, change.status);
        break;
      case "missing":
      case "found":
      case "lost":
        this.#metrics.gap(change.kind, change.count);
        this.#log(change.kind === "lost" ? "warn" : "info", `messages ${change.kind}`, { count: change.count });
        break;
      case "retransmitted":
        this.#metrics.retransmitted(change.count);
        this.#log("debug", "sent again", { count: change.count });
        break;
      case "catch-up":
        this.#log("debug", "catch-up", { messages: change.messages, isDone: change.isDone });
        break;
      case "error":
        this.#failed(change.error);
        break;
      default:
    }
  }

  #status(messageId: string, status: string): void {
    const nowMs = this.#clock.nowMs();
    const sentAtMs = this.#sentAtMs.get(messageId);
    this.#sentAtMs.delete(messageId);
    if (status === "sent") this.#sentAtMs.set(messageId, nowMs);
    if (status === "delivered" && sentAtMs !== undefined) this.#metrics.acknowledged(nowMs - sentAtMs);
    this.#metrics.status(status);
    this.#log("debug", "message status", { message: shown(messageId), status });
  }

  /** Errors of ours have messages without secrets; of others, only the name is safe to show. */
  #failed(error: unknown): void {
    const name = error instanceof Error ? error.name : typeof error;
    const code = codeOf(error);
    this.#metrics.failed(code ?? name);
    const message = code !== undefined && error instanceof Error ? { message: error.message } : {};
    this.#log("error", "failure", { name, ...(code !== undefined && { code }), ...message });
  }

  /** A logger that throws must not stop the client. */
  #log(level: LogLevel, event: string, fields: LogFields): void {
    try {
      this.#logger[level](event, fields);
    } catch {
      // Nobody is left to tell.
    }
  }
}

function codeOf(error: unknown): string | undefined {
  const isCoded = typeof error === "object" && error !== null && "code" in error;
  return isCoded && typeof error.code === "string" ? error.code : undefined;
}

/** Enough to find a message in two logs of one program. */
function shown(id: string): string {
  return id.slice(0, SHOWN_ID_CHARACTERS);
}
