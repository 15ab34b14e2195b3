/**
 * Sends filtered messages to one subscriber, over one stream that stays open, or over a stream for each message.
 *
 * Subscribers differ: `@waku/sdk` never closes its end, so that streams pile up with it until nothing arrives any more;
 * go-waku closes it after one message and reads no second. So the first message shows which kind a subscriber is.
 *
 * Neither mplex nor the WebSocket holds a sender back, so the queue does: after every window of bytes it waits for a
 * ping, which the subscriber answers only when it read everything before. What is queued is bounded in bytes.
 * @module
 */
import type { Connection, PeerId, Stream } from "@libp2p/interface";
import * as lengthPrefixed from "it-length-prefixed";
import type { Counters } from "./counters.ts";

/** Waiting for one subscriber, in bytes; what comes on top is dropped (the store has it). */
const MAX_QUEUED_BYTES = 8 * 1024 * 1024;
/** Sent to one subscriber and not yet confirmed by a ping. */
const WINDOW_BYTES = 1024 * 1024;
const OPEN_MS = 10_000;
/** How long after the first message a subscriber may close its end before the stream is taken to stay open. */
const PROBE_MS = 100;
/** How long a subscriber may leave its end open after a stream that was for one message. */
const LINGER_MS = 10_000;
const PING_MS = 20_000;

export interface PushQueueDeps {
  readonly connection: Connection;
  readonly codec: string;
  readonly counters: Counters;
  /** Rejects when the peer does not answer in time. */
  readonly ping: (peer: PeerId, signal: AbortSignal) => Promise<unknown>;
  /** Called once when the stream is broken; the queue is dead then. */
  readonly onBroken: () => void;
}

export class PushQueue {
  readonly connection: Connection;
  readonly #deps: PushQueueDeps;
  readonly #ended = new AbortController();
  readonly #frames: Uint8Array[] = [];
  #queuedBytes = 0;
  #stream: Stream | undefined;
  #running = false;
  #wake: () => void = () => {};
  /** Undefined until the subscriber has shown it. */
  #oneEach: boolean | undefined;

  constructor(deps: PushQueueDeps) {
    this.#deps = deps;
    this.connection = deps.connection;
  }

  /** @param frame - one encoded push; shared between subscribers, so not written to */
  push(frame: Uint8Array): void {
    const { counters } = this.#deps;
    if (this.#ended.signal.aborted) {
      counters.dropped["subscriber-gone"] += 1;
      return;
    }
    if (this.#queuedBytes + frame.length > MAX_QUEUED_BYTES) {
      counters.dropped["queue-full"] += 1;
      return;
    }
    this.#frames.push(frame);
    this.#queuedBytes += frame.length;
    this.#wake();
    if (!this.#running) void this.#run();
  }

  /** Drops what is queued and resets the stream. Idempotent. */
  close(): void {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    this.#deps.counters.dropped["subscriber-gone"] += this.#frames.length;
    this.#frames.length = 0;
    this.#queuedBytes = 0;
    this.#wake();
    // A half-closed stream would stay on the list of the subscriber and count against its limit.
    this.#stream?.abort(new Error("subscription ended"));
  }

  async #run(): Promise<void> {
    this.#running = true;
    try {
      while (await this.#hasFrame()) await this.#serve(await this.#open());
    } catch {
      // A broken stream and a closed queue end the same way.
    }
    this.#break();
  }

  async #open(): Promise<Stream> {
    const { connection, codec } = this.#deps;
    const signal = AbortSignal.any([this.#ended.signal, AbortSignal.timeout(OPEN_MS)]);
    const stream = await connection.newStream(codec, { signal });
    this.#stream = stream;
    return stream;
  }

  /** Sends what the stream is good for: one message, or all that will ever come. */
  async #serve(stream: Stream): Promise<void> {
    const left = this.#watch(stream);
    await stream.sink(this.#send(left));
    if (this.#ended.signal.aborted) return;
    const timer = setTimeout(() => stream.abort(new Error("the stream was not closed")), LINGER_MS);
    void left.finally(() => clearTimeout(timer));
  }

  async *#send(left: Promise<void>): AsyncGenerator<Uint8Array> {
    const { counters } = this.#deps;
    let unconfirmedBytes = 0;
    while (await this.#hasFrame()) {
      const frame = this.#frames.shift();
      if (frame === undefined) continue;
      this.#queuedBytes -= frame.length;
      yield lengthPrefixed.encode.single(frame).subarray();
      counters.filtered += 1;
      this.#oneEach ??= await settledWithin(left, PROBE_MS);
      if (this.#oneEach) return;
      unconfirmedBytes += frame.length;
      if (unconfirmedBytes < WINDOW_BYTES) continue;
      await this.#confirm();
      unconfirmedBytes = 0;
    }
  }

  /** @returns false when the queue is closed */
  async #hasFrame(): Promise<boolean> {
    while (!this.#ended.signal.aborted && this.#frames.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return !this.#ended.signal.aborted;
  }

  async #confirm(): Promise<void> {
    const { ping, connection } = this.#deps;
    await ping(connection.remotePeer, AbortSignal.any([this.#ended.signal, AbortSignal.timeout(PING_MS)]));
  }

  /** The subscriber says nothing on this stream. Resolves when it closes its end; a reset breaks the queue. */
  async #watch(stream: Stream): Promise<void> {
    try {
      for await (const _ of stream.source);
      this.#oneEach = true;
    } catch {
      this.#break();
    }
  }

  #break(): void {
    if (this.#ended.signal.aborted) return;
    this.close();
    this.#deps.onBroken();
  }
}

async function settledWithin(promise: Promise<void>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, ms, false);
  });
  const settled = await Promise.race([promise.then(() => true), late]);
  clearTimeout(timer);
  return settled;
}
