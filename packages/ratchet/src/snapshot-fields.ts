/**
 * Reads and writes the fields of all snapshots: integers big-endian, lists with their number first.
 * @module
 */
import { concat, hex, uint32 } from "./bytes.ts";
import { RatchetError } from "./errors.ts";
import { isValidPublicKey, KEY_BYTES } from "./x25519.ts";

export function uint64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

export function list<Item>(items: readonly Item[], encode: (item: Item) => Uint8Array): Uint8Array {
  return concat(uint32(items.length), ...items.map(encode));
}

export type Reader = ReturnType<typeof createReader>;

/** Every read throws {@link RatchetError} `INVALID_STATE` when the bytes end too early or have a wrong value. */
export function createReader(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;
  const advance = (length: number): number => {
    const start = offset;
    if (length > bytes.length - start)
      throw invalid(`length: want ${start + length} bytes or more, got ${bytes.length}`);
    offset += length;
    return start;
  };
  const take = (length: number): Uint8Array => {
    const start = advance(length);
    return bytes.slice(start, start + length);
  };
  return {
    take,
    byte: () => view.getUint8(advance(1)),
    uint32: () => view.getUint32(advance(4)),
    remaining: () => bytes.length - offset,
    hex: (length: number) => hex(take(length)),
    /** @param known - the bits that may be set */
    flags: (known: number) => {
      const flags = view.getUint8(advance(1));
      if ((flags & ~known) !== 0) throw invalid(`flags: want bits of ${known}, got ${flags}`);
      return flags;
    },
    number: () => {
      const value = Number(view.getBigUint64(advance(8)));
      if (!Number.isSafeInteger(value)) throw invalid("number: want one below 2^53, got more");
      return value;
    },
    publicKey: () => {
      const key = take(KEY_BYTES);
      if (!isValidPublicKey(key)) throw invalid("public key: want a canonical X25519 key, got one that is not");
      return key;
    },
    /** @param itemBytes - of the shortest item, so that a false number allocates nothing */
    list: <Item>(itemBytes: number, decode: () => Item): Item[] => {
      const count = view.getUint32(advance(4));
      if (count * itemBytes > bytes.length - offset) throw invalid(`list: want ${count} items, got fewer bytes`);
      return Array.from({ length: count }, decode);
    },
    end: () => {
      if (offset !== bytes.length) throw invalid(`length: want ${offset} bytes, got ${bytes.length}`);
    },
  };
}

export function invalid(message: string): RatchetError {
  return new RatchetError("INVALID_STATE", message);
}
