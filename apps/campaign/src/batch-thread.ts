/**
 * One worker thread, seen from outside: a batch that hangs is given up with its thread.
 * @module
 */
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { type BatchOrder, type BatchResult, type Campaign, commandOf } from "./campaign.ts";
import { CampaignError } from "./errors.ts";
import type { Answer, WorkerStart } from "./worker.ts";

// Beside this file, in the sources as in the build.
const WORKER = new URL(`./worker${extname(import.meta.filename)}`, import.meta.url);

export class BatchThread implements AsyncDisposable {
  readonly #campaign: Campaign;
  readonly #worker: Worker;

  constructor(campaign: Campaign, registry?: string) {
    this.#campaign = campaign;
    const workerData: WorkerStart = { campaign: campaign.name, registry };
    this.#worker = new Worker(WORKER, { workerData });
    // Whoever waits for an answer hears of it; at other times it must not end the process.
    this.#worker.on("error", () => {});
  }

  /** @throws {@link CampaignError} `BATCH_FAILED`, `DEADLINE`; the signal's reason */
  async run(order: BatchOrder, signal?: AbortSignal): Promise<BatchResult> {
    const answer = await this.#ask(order, signal);
    if (answer.kind === "done") return answer.result;
    const cause = Object.assign(new Error(answer.message), { stack: answer.stack });
    throw this.#failure("BATCH_FAILED", order, answer.message, cause);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }

  #ask(order: BatchOrder, signal: AbortSignal | undefined): Promise<Answer> {
    const limitMs = this.#campaign.batchLimitMs;
    return new Promise<Answer>((resolve, reject) => {
      const timer = setTimeout(() => {
        end(() => reject(this.#failure("DEADLINE", order, `not done after ${limitMs / 1000} s`)));
      }, limitMs);
      const onAnswer = (answer: Answer) => end(() => resolve(answer));
      const onError = (cause: unknown) => {
        end(() => reject(this.#failure("BATCH_FAILED", order, "the worker thread ended", cause)));
      };
      const onExit = (code: number) => onError(new Error(`exit code ${code}`));
      const onAbort = () => end(() => reject(signal?.reason));
      const end = (settle: () => void) => {
        clearTimeout(timer);
        this.#worker.off("message", onAnswer).off("error", onError).off("exit", onExit);
        signal?.removeEventListener("abort", onAbort);
        settle();
      };
      this.#worker.on("message", onAnswer).on("error", onError).on("exit", onExit);
      signal?.addEventListener("abort", onAbort);
      if (signal?.aborted) onAbort();
      else this.#worker.postMessage(order);
    });
  }

  #failure(code: "BATCH_FAILED" | "DEADLINE", order: BatchOrder, what: string, cause?: unknown) {
    const message = `batch ${order.batch}: ${what}\nrepeat it with: ${commandOf(this.#campaign.name, order)}`;
    return new CampaignError(code, message, { cause });
  }
}
