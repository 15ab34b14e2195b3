/**
 * Requests over libp2p streams: one frame there, one frame back.
 * Remote input is bounded; nothing here outlives its signal by more than the time to read what is on its way.
 * @module
 */
import type { defaultLibp2p } from "@waku/sdk";
import * as lengthPrefixed from "it-length-prefixed";
import { ChatError } from "../../errors.ts";

export type Libp2p = Awaited<ReturnType<typeof defaultLibp2p>>;
export type Connection = ReturnType<Libp2p["getConnections"]>[number];
export type Stream = Awaited<ReturnType<Connection["newStream"]>>;

const DRAIN_MS = 10_000;

/** @param maxBytes - of the reply */
export async function request(
  connection: Connection,
  protocol: string,
  bytes: Uint8Array,
  { maxBytes, signal }: { readonly maxBytes: number; readonly signal: AbortSignal },
): Promise<Uint8Array> {
  return exchange(connection, protocol, signal, async (stream) => {
    // Ends the writing side: service nodes wait for that.
    const sending = stream.sink([lengthPrefixed.encode.single(bytes)]);
    sending.catch(() => {}); // then the reply fails as well, with the same reason
    for await (const frame of frames(stream, maxBytes)) return frame;
    throw new ChatError("PEER_UNREACHABLE", "a service node ended a request without an answer", { retryable: true });
  });
}

/** Resolves when the node has sent the bytes back. */
export async function echo(connection: Connection, protocol: string, bytes: Uint8Array, signal: AbortSignal) {
  await exchange(connection, protocol, signal, async (stream) => {
    stream.sink([bytes]).catch(() => {});
    let missing = bytes.length;
    for await (const chunk of chunks(stream)) {
      missing -= chunk.byteLength;
      if (missing <= 0) return;
    }
    throw new ChatError("PEER_UNREACHABLE", "a service node did not answer a ping", { retryable: true });
  });
}

/** Frames of a stream, as long as it lasts. Leaving the loop leaves the rest unread, and the stream open. */
export async function* frames(stream: Stream, maxBytes: number): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const frame of lengthPrefixed.decode(chunks(stream), { maxDataLength: maxBytes })) yield frame.subarray();
}

async function exchange<Result>(
  connection: Connection,
  protocol: string,
  signal: AbortSignal,
  talk: (stream: Stream) => Promise<Result>,
): Promise<Result> {
  signal.throwIfAborted();
  // Says what it wants together with what it has to say: one round trip instead of two. The node is known to serve it.
  const stream = await connection.newStream(protocol, { signal, negotiateFully: false });
  const abort = () => stream.abort(signal.reason instanceof Error ? signal.reason : new Error("aborted"));
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort);
  try {
    const result = await talk(stream);
    void drain(stream);
    return result;
  } catch (error) {
    stream.abort(error instanceof Error ? error : new Error(String(error)));
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** mplex counts data for a stream that is gone against the whole connection and cuts it: read until the remote ends. */
async function drain(stream: Stream): Promise<void> {
  const timer = setTimeout(() => stream.abort(new Error("no end")), DRAIN_MS);
  try {
    for await (const _ of chunks(stream));
  } catch {
    // The connection is over.
  } finally {
    clearTimeout(timer);
  }
}

/** By the stream's own iterator, without its `return`: what decodes one frame must not close the rest. */
function chunks(stream: Stream) {
  const iterator = stream.source[Symbol.asyncIterator]();
  return { [Symbol.asyncIterator]: () => ({ next: () => iterator.next() }) };
}
