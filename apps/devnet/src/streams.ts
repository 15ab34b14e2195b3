/**
 * One request, one reply, on a libp2p stream: the shape of light push, filter subscription, store and metadata.
 * Remote input is bounded in bytes and time, and never throws out of here.
 * @module
 */
import type { Connection, IncomingStreamData, Stream, StreamHandler } from "@libp2p/interface";
import * as lengthPrefixed from "it-length-prefixed";
import type { Counters, DropReason } from "./counters.ts";
import { codeOf } from "./errors.ts";

// Light nodes open the stream of their next request ahead of time and leave it idle.
const UNUSED_STREAM_MS = 5 * 60_000;
const REQUEST_IDLE_MS = 10_000;
const DRAIN_MS = 10_000;
const MAX_DRAINED_BYTES = 1024 * 1024;

/** Parallel requests of one kind on one connection. */
export const MAX_REQUEST_STREAMS = 256;

export interface RequestRules {
  /** Largest request; a longer one resets the stream. */
  readonly maxRequestBytes: number;
  readonly counters: Counters;
  /** Resolves to the reply, or to undefined to reset the stream. A rejection resets it too. */
  readonly answer: (request: Uint8Array, connection: Connection) => Promise<Uint8Array | undefined>;
}

/** Serves each stream of a protocol by {@link RequestRules.answer}. */
export function requestHandler(rules: RequestRules): StreamHandler {
  return ({ stream, connection }: IncomingStreamData) => void serve(stream, connection, rules);
}

async function serve(stream: Stream, connection: Connection, rules: RequestRules): Promise<void> {
  const { counters } = rules;
  const reader = new RequestReader(stream, rules.maxRequestBytes);
  try {
    const request = await reader.request();
    if (request === undefined) {
      if (reader.receivedBytes > 0) counters.dropped.malformed += 1;
      stream.abort(new Error("no request"));
      return;
    }
    const reply = await rules.answer(request, connection);
    if (reply === undefined) {
      stream.abort(new Error("request refused"));
      return;
    }
    await stream.sink([lengthPrefixed.encode.single(reply)]);
    // mplex counts data for a stream that is gone against the whole connection and cuts it: read until the remote ends.
    await reader.drain();
  } catch (error) {
    const reason = reader.expired ? "timeout" : reasonOf(error);
    if (reader.receivedBytes > 0) counters.dropped[reason] += 1;
    stream.abort(new Error(reason));
  } finally {
    reader.release();
  }
}

/** Reads a stream by its own iterator, so that decoding one frame does not close the rest. */
class RequestReader {
  receivedBytes = 0;
  expired = false;
  readonly #stream: Stream;
  readonly #chunks: AsyncIterator<{ readonly byteLength: number; subarray(): Uint8Array }>;
  readonly #maxBytes: number;
  #timer: NodeJS.Timeout | undefined;
  #expiresAfterMs = 0;

  constructor(stream: Stream, maxBytes: number) {
    this.#stream = stream;
    this.#chunks = stream.source[Symbol.asyncIterator]();
    this.#maxBytes = maxBytes;
  }

  /** @returns undefined when the remote ended without a whole request */
  async request(): Promise<Uint8Array | undefined> {
    this.#expireAfter(UNUSED_STREAM_MS);
    const chunks = { [Symbol.asyncIterator]: () => ({ next: () => this.#next(REQUEST_IDLE_MS) }) };
    for await (const frame of lengthPrefixed.decode(chunks, { maxDataLength: this.#maxBytes })) {
      this.release();
      return frame.subarray();
    }
    return undefined;
  }

  async drain(): Promise<void> {
    this.#expireAfter(DRAIN_MS);
    const limit = this.receivedBytes + MAX_DRAINED_BYTES;
    while (!(await this.#next(DRAIN_MS)).done) {
      if (this.receivedBytes > limit) throw Object.assign(new Error("too much after the request"), TOO_LONG);
    }
  }

  release(): void {
    clearTimeout(this.#timer);
    this.#expiresAfterMs = 0;
  }

  async #next(idleMs: number): Promise<IteratorResult<Uint8Array>> {
    const step = await this.#chunks.next();
    if (step.done) return { done: true, value: undefined };
    this.receivedBytes += step.value.byteLength;
    this.#expireAfter(idleMs);
    return { done: false, value: step.value.subarray() };
  }

  #expireAfter(ms: number): void {
    if (ms === this.#expiresAfterMs) {
      this.#timer?.refresh();
      return;
    }
    clearTimeout(this.#timer);
    this.#expiresAfterMs = ms;
    this.#timer = setTimeout(() => {
      this.expired = true;
      this.#stream.abort(new Error("timeout"));
    }, ms);
  }
}

const TOO_LONG = { code: "ERR_MSG_DATA_TOO_LONG" };

function reasonOf(error: unknown): DropReason {
  switch (codeOf(error)) {
    case TOO_LONG.code:
    case "ERR_MSG_LENGTH_TOO_LONG":
      return "too-large";
    case "ERR_UNEXPECTED_EOF":
    case "ERR_INVALID_MSG_LENGTH":
      return "malformed";
    default:
      return "aborted";
  }
}
