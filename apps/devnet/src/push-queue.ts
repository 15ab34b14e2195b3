/**
 * Sends filtered messages to one subscriber over one stream that stays open.
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
    const { connection, codec } = this.#deps;
    try {
      const signal = AbortSignal.any([this.#ended.signal, AbortSignal.timeout(OPEN_MS)]);
      const stream = await connection.newStream(codec, { signal });
      this.#stream = stream;
      void this.#watch(stream);
      await stream.sink(this.#send());
    } catch {
      // A broken stream and a closed queue end the same way.
    }
    this.#break();
  }

  async *#send(): AsyncGenerator<Uint8Array> {
    const { counters, ping, connection } = this.#deps;
    let unconfirmedBytes = 0;
    while (!this.#ended.signal.aborted) {
      const frame = this.#frames.shift();
      if (frame === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      this.#queuedBytes -= frame.length;
      yield lengthPrefixed.encode.single(frame).subarray();
      counters.filtered += 1;
      unconfirmedBytes += frame.length;
      if (unconfirmedBytes < WINDOW_BYTES) continue;
      await ping(connection.remotePeer, AbortSignal.any([this.#ended.signal, AbortSignal.timeout(PING_MS)]));
      unconfirmedBytes = 0;
    }
  }

  /** The subscriber says nothing on this stream: its end means that it is gone. */
  async #watch(stream: Stream): Promise<void> {
    try {
      for await (const _ of stream.source);
    } catch {
      // Reset by the subscriber.
    }
    this.#break();
  }

  #break(): void {
    if (this.#ended.signal.aborted) return;
    this.close();
    this.#deps.onBroken();
  }
}
