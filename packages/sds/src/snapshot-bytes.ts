/**
 * Reading and writing the fields of a snapshot. Integers are big-endian. A reader of bytes that somebody damaged or
 * made up fails in one way only, and reserves no memory for what is not there.
 * @module
 */
import { SdsError } from "./errors.ts";
import { idToBytes, idToHex, isMessageId, MESSAGE_ID_BYTES } from "./message-id.ts";
import { isName } from "./participant.ts";

/** Ids have 16 bytes in the compact form, and are text after its length (1 byte) in the full form. */
export type IdForm = { readonly isFull: boolean };

export class SnapshotWriter {
  #bytes = new Uint8Array(512);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;
  readonly #isFull: boolean;

  constructor({ isFull }: IdForm) {
    this.#isFull = isFull;
  }

  byte(value: number): void {
    const at = this.#advance(1);
    this.#bytes[at] = value;
  }

  time(value: number): void {
    const at = this.#advance(8);
    this.#view.setBigUint64(at, BigInt(value));
  }

  name(text: string): void {
    const bytes = new TextEncoder().encode(text);
    const at = this.#advance(2 + bytes.length);
    this.#view.setUint16(at, bytes.length);
    this.#bytes.set(bytes, at + 2);
  }

  id(id: string): void {
    if (this.#isFull) this.byte(id.length);
    const bytes = this.#isFull ? new TextEncoder().encode(id) : idToBytes(id);
    const at = this.#advance(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** Bits, the first given one lowest. */
  flags(...values: boolean[]): void {
    this.byte(values.reduce((bits, value, index) => bits | (Number(value) << index), 0));
  }

  list<Entry>(entries: readonly Entry[], write: (entry: Entry) => void): void {
    const at = this.#advance(4);
    this.#view.setUint32(at, entries.length);
    for (const entry of entries) write(entry);
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #advance(by: number): number {
    const start = this.#length;
    this.#length += by;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return start;
  }
}

/** Every method throws {@link SdsError} `INVALID_STATE` for what no writer wrote. */
export class SnapshotReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;
  #isFull = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** From here on. */
  set idForm({ isFull }: IdForm) {
    this.#isFull = isFull;
  }

  byte(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  time(): number {
    const value = Number(this.#view.getBigUint64(this.#advance(8)));
    if (!Number.isSafeInteger(value)) throw invalid("time: want milliseconds below 2^53, got more");
    return value;
  }

  name(): string {
    const text = this.#text(this.#view.getUint16(this.#advance(2)));
    if (!isName(text)) throw invalid("name: want 1 to 256 bytes of text, got another");
    return text;
  }

  id(): string {
    if (!this.#isFull) return idToHex(this.#take(MESSAGE_ID_BYTES));
    const id = this.#text(this.byte());
    if (!isMessageId(id, "")) throw invalid("id: want 1 to 128 printable ASCII characters, got another text");
    return id;
  }

  /** As many as were written. */
  flags(count: number): boolean[] {
    const bits = this.byte();
    if (bits >>> count !== 0) throw invalid(`flags: want ${count} bits, got ${bits}`);
    return Array.from({ length: count }, (_, index) => ((bits >>> index) & 1) === 1);
  }

  list<Entry>(most: number, read: () => Entry): Entry[] {
    const length = this.#view.getUint32(this.#advance(4));
    if (length > most) throw invalid(`list: want ≤ ${most} entries, got ${length}`);
    const entries: Entry[] = [];
    for (let index = 0; index < length; index += 1) entries.push(read());
    return entries;
  }

  finish(): void {
    const left = this.#bytes.length - this.#offset;
    if (left > 0) throw invalid(`end: want no more bytes, got ${left}`);
  }

  #text(length: number): string {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.#take(length));
    } catch (error) {
      throw error instanceof SdsError ? error : invalid("text: want UTF-8, got other bytes");
    }
  }

  #take(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  #advance(by: number): number {
    const start = this.#offset;
    const { length } = this.#bytes;
    if (by > length - start) throw invalid(`length: want ${start + by} bytes or more, got ${length}`);
    this.#offset += by;
    return start;
  }
}

export function invalid(message: string): SdsError {
  return new SdsError("INVALID_STATE", message);
}
