/**
 * Proves for a membership in a thread of its own, since a proof blocks for a good part of a second.
 * @module
 */
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { DevnetError } from "../errors.ts";
import type { MembershipFile } from "./files.ts";
import type { Answer, Order } from "./prover-thread.ts";
import { type RateLimitProof, toRateLimitProof } from "./wire.ts";

// Beside this file, in the sources as in the build.
const THREAD = new URL(`./prover-thread${extname(import.meta.filename)}`, import.meta.url);

type Waiting = { readonly epoch: number } & Pick<PromiseWithResolvers<RateLimitProof>, "resolve" | "reject">;

/** Has the shape of `RlnProver` of `@chat/sdk`, which is not needed here. */
export class MembershipProver implements AsyncDisposable {
  readonly #membership: MembershipFile;
  #worker: Worker | undefined;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #isClosed = false;

  /** Costs nothing until the first proof. The first takes three times as long as the others. */
  constructor(membership: MembershipFile) {
    this.#membership = membership;
  }

  /**
   * Proofs are made one after the other.
   * @throws {@link DevnetError} `RLN_REFUSED` beyond the limit or without a place in the group, `RLN_BROKEN`,
   *   `RLN_FILES_UNUSABLE`, `CLOSED`; the signal's reason
   */
  async prove(
    signal: Uint8Array,
    { epoch, index }: { readonly epoch: number; readonly index: number },
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<RateLimitProof> {
    options.signal?.throwIfAborted();
    if (this.#isClosed) throw new DevnetError("CLOSED", "this prover is closed; open a new one");
    const { limit } = this.#membership;
    if (!Number.isSafeInteger(index) || index < 0 || index >= limit) {
      throw new DevnetError("RLN_REFUSED", `index: want 0 to ${limit - 1}, got ${index}`);
    }
    if (!Number.isSafeInteger(epoch) || epoch < 0) throw new DevnetError("RLN_REFUSED", `epoch: got ${epoch}`);
    this.#lastId += 1;
    const id = this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<RateLimitProof>();
    this.#waiting.set(id, { epoch, resolve, reject });
    const order: Order = { id, signal, epoch, index };
    this.#thread().postMessage(order);
    const onAbort = () => reject(options.signal?.reason);
    options.signal?.addEventListener("abort", onAbort);
    try {
      return await promise;
    } finally {
      options.signal?.removeEventListener("abort", onAbort);
      this.#waiting.delete(id);
      if (this.#waiting.size === 0) this.#worker?.unref();
    }
  }

  /** Ends the thread; what waits is rejected. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#rejectAll(new DevnetError("CLOSED", "this prover was closed"));
    await this.#worker?.terminate();
    this.#worker = undefined;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #thread(): Worker {
    this.#worker ??= this.#start();
    this.#worker.ref();
    return this.#worker;
  }

  #start(): Worker {
    const worker = new Worker(THREAD, { workerData: this.#membership });
    worker.on("message", (answer: Answer) => this.#onAnswer(answer));
    worker.on("error", (cause) => {
      if (this.#worker === worker) this.#worker = undefined;
      this.#rejectAll(
        new DevnetError("RLN_BROKEN", "the thread that proves ended; the next proof starts another", { cause }),
      );
    });
    return worker;
  }

  #onAnswer(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    if (waiting === undefined) return; // given up
    if (answer.kind === "proved") waiting.resolve(toRateLimitProof(answer.proved, waiting.epoch));
    else waiting.reject(new DevnetError(answer.code, answer.message));
  }

  #rejectAll(reason: DevnetError): void {
    for (const { reject } of this.#waiting.values()) reject(reason);
  }
}
