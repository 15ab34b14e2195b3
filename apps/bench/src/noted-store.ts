/**
 * A store that tells what a client writes: how a simulation learns what its envelopes are for.
 * @module
 */
import type { MessageWriter, SecretWriter, Store, StoreTransaction } from "@chat/store";

/** Told of what one transaction writes, before it is written. */
export type WriteNotes = {
  readonly messages?: Partial<MessageWriter>;
  readonly secrets?: Partial<SecretWriter>;
  /** After the last write. */
  end?(): void;
};

/** @param begin - called for each transaction */
export function notedStore(store: Store, begin: () => WriteNotes): Store {
  const write = (change: (tx: StoreTransaction) => void) =>
    store.write((tx) => {
      const { messages = {}, secrets = {}, end } = begin();
      change({ messages: noting(tx.messages, messages), secrets: noting(tx.secrets, secrets) });
      end?.();
    });
  return {
    messages: store.messages,
    secrets: store.secrets,
    write,
    close: () => store.close(),
    [Symbol.asyncDispose]: () => store.close(),
  };
}

/** Hint and nonce are random: the first bytes name an envelope. */
export function nameOfEnvelope(payload: Uint8Array): string {
  return Buffer.from(payload.subarray(0, 48)).toString("base64");
}

function noting<Writer extends object>(writer: Writer, notes: Partial<Writer>): Writer {
  const noted = Object.keys(notes).map((name) => {
    const [note, write] = [notes, writer].map((each) => Reflect.get(each, name) as (...given: unknown[]) => void);
    const value = (...given: unknown[]) => {
      note?.apply(notes, given);
      write?.apply(writer, given);
    };
    return [name, { value }] as const;
  });
  return Object.create(writer, Object.fromEntries(noted)) as Writer;
}
