/**
 * Whether peers are writing, as they last said. Nobody says so for long: it is over after a while, or with a message.
 * @module
 */
import type { Context } from "../context.ts";

/** Said again every five seconds, so that one may get lost. */
export const TYPING_LASTS_MS = 12_000;
/** What comes later than this, by the peer's clock, comes from a store node. Clocks differ. */
const TOO_LATE_MS = 60_000;

type State = { readonly saidAtMs: number; readonly cancel?: () => void };

export class PeerTyping {
  readonly #context: Pick<Context, "clock" | "notifier">;
  /** By conversation. */
  readonly #states = new Map<string, State>();
  readonly #stopObserving: () => void;

  constructor(context: Pick<Context, "clock" | "notifier">) {
    this.#context = context;
    this.#stopObserving = context.notifier.observe((change) => {
      if (change.kind === "incoming") this.#stopped(change.conversationId);
    });
  }

  /** @param saidAtMs - by the peer's clock */
  heard(conversationId: string, isTyping: boolean, saidAtMs: number): void {
    const { clock, notifier } = this.#context;
    const nowMs = clock.nowMs();
    const state = this.#states.get(conversationId);
    if (Math.abs(nowMs - saidAtMs) > TOO_LATE_MS || saidAtMs < (state?.saidAtMs ?? 0)) return;
    if (!isTyping) {
      this.#stopped(conversationId);
      this.#states.set(conversationId, { saidAtMs });
      return;
    }
    state?.cancel?.();
    const cancel = clock.after(TYPING_LASTS_MS, () => this.#stopped(conversationId));
    this.#states.set(conversationId, { saidAtMs, cancel });
    const until = new Date(nowMs + TYPING_LASTS_MS);
    notifier.notify({ kind: "typing", conversationId, isTyping: true, until });
  }

  close(): void {
    this.#stopObserving();
    for (const { cancel } of this.#states.values()) cancel?.();
    this.#states.clear();
  }

  #stopped(conversationId: string): void {
    const state = this.#states.get(conversationId);
    if (state?.cancel === undefined) return;
    state.cancel();
    this.#states.set(conversationId, { saidAtMs: state.saidAtMs });
    this.#context.notifier.notify({ kind: "typing", conversationId, isTyping: false });
  }
}
