/**
 * Writes what a connection has to say in one turn of the event loop as one piece: one encrypted frame, one call of the
 * operating system. Otherwise each step of a request is a piece: the header of its stream, the name of its protocol, the
 * reply and the end of the stream.
 * @module
 */
import type { StreamMuxer, StreamMuxerFactory } from "@libp2p/interface";
import { Uint8ArrayList } from "uint8arraylist";

/** What fits one frame of Noise; beyond, nothing is saved by waiting. */
const MAX_GATHERED_BYTES = 64 * 1024;

/** The same muxer, with its writes gathered. */
export function gatheringWrites<Components>(
  muxer: (components: Components) => StreamMuxerFactory,
): (components: Components) => StreamMuxerFactory {
  return (components) => {
    const factory = muxer(components);
    return {
      protocol: factory.protocol,
      createStreamMuxer: (init) => withGatheredWrites(factory.createStreamMuxer(init)),
    };
  };
}

// A muxer may write to its own source, so that stays as it is.
function withGatheredWrites(muxer: StreamMuxer): StreamMuxer {
  return {
    protocol: muxer.protocol,
    source: gathered(muxer.source),
    sink: (source) => muxer.sink(source),
    get streams() {
      return muxer.streams;
    },
    newStream: (name) => muxer.newStream(name),
    close: (options) => muxer.close(options),
    abort: (error) => muxer.abort(error),
  };
}

type Piece = Uint8Array | Uint8ArrayList;

/** What `source` gives in one turn of the event loop, in one list. Takes no more from it while one waits to be written. */
export async function* gathered(source: AsyncIterable<Piece>): AsyncGenerator<Uint8ArrayList> {
  const pieces = new Gathering(source);
  try {
    while (await pieces.some()) yield pieces.take();
  } finally {
    await pieces.stop();
  }
}

class Gathering {
  readonly #pieces: AsyncIterator<Piece>;
  #list = new Uint8ArrayList();
  #ended: { readonly error?: unknown } | undefined;
  #changed = Promise.withResolvers<void>();
  #taken = Promise.withResolvers<void>();

  constructor(source: AsyncIterable<Piece>) {
    this.#pieces = source[Symbol.asyncIterator]();
    void this.#gather();
  }

  /** @returns false when there is nothing left. Rejects with what the source did, after all that it gave before. */
  async some(): Promise<boolean> {
    while (this.#list.byteLength === 0) {
      if (this.#ended !== undefined) {
        if ("error" in this.#ended) throw this.#ended.error;
        return false;
      }
      await this.#changed.promise;
    }
    if (this.#list.byteLength < MAX_GATHERED_BYTES && this.#ended === undefined) await endOfTurn();
    return true;
  }

  take(): Uint8ArrayList {
    const list = this.#list;
    this.#list = new Uint8ArrayList();
    this.#taken.resolve();
    return list;
  }

  async stop(): Promise<void> {
    this.#ended ??= {};
    this.#taken.resolve();
    await this.#pieces.return?.();
  }

  async #gather(): Promise<void> {
    try {
      while (this.#ended === undefined) {
        const piece = await this.#pieces.next();
        if (piece.done) break;
        this.#add(piece.value);
        if (this.#list.byteLength < MAX_GATHERED_BYTES) continue;
        this.#taken = Promise.withResolvers();
        await this.#taken.promise;
      }
      this.#ended ??= {};
    } catch (error) {
      this.#ended ??= { error };
    }
    this.#changed.resolve();
  }

  #add(piece: Piece): void {
    this.#list.append(piece);
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

function endOfTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
