/**
 * Seals single values with ChaCha20-Poly1305, each bound to its place: table, column and row.
 * A sealed value is nonce (12 bytes, random) || ciphertext || tag (16 bytes).
 * @module
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type Hmac,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from "node:crypto";
import { StoreError } from "@chat/store";

export const KEY_LENGTH = 32;
const ALGORITHM = "chacha20-poly1305";
const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;
const NONCES_PER_DRAW = 256;

/** Where a value lives: table, column, then the key of the row. */
export type Place = readonly [table: string, column: string, ...key: (string | number)[]];

/** Holds the data key. Random nonces are safe up to about 2^32 sealed values per key. */
export class Sealer {
  readonly #key: Uint8Array;
  // Node makes one of these at every call that is given bytes, which takes ten times as long as sealing a record.
  #keyObject: KeyObject;
  readonly #tagKey: Uint8Array;
  #tagKeyObject: KeyObject;

  /** @param key - 32 bytes; taken over, and wiped by {@link wipe} */
  constructor(key: Uint8Array) {
    this.#key = key;
    this.#keyObject = createSecretKey(key);
    this.#tagKey = new Uint8Array(hkdfSync("sha256", key, "", "look-up tags", KEY_LENGTH));
    this.#tagKeyObject = createSecretKey(this.#tagKey);
  }

  seal(plaintext: Uint8Array, ...place: Place): Uint8Array {
    return seal(this.#keyObject, plaintext, place);
  }

  /** @throws {@link StoreError} `CORRUPT` if the value was not sealed with this key for this place */
  unseal(sealed: Uint8Array, ...place: Place): Uint8Array {
    return new Uint8Array(this.#open(sealed, place));
  }

  /** As {@link unseal}, of UTF-8. */
  unsealText(sealed: Uint8Array, ...place: Place): string {
    return this.#open(sealed, place).toString();
  }

  /** Whether {@link unseal} would succeed. */
  opens(sealed: Uint8Array, place: Place): boolean {
    const plaintext = open(this.#keyObject, sealed, place);
    plaintext?.fill(0);
    return plaintext !== undefined;
  }

  /** What stands for a value that is looked up but not to be read: HMAC-SHA256 (32 bytes) under a key for this only. */
  tag(...place: Place): Uint8Array {
    return createHmac("sha256", this.#tagKeyObject).update(associatedData(place)).digest();
  }

  /** The data key itself, sealed with a key-encryption key. */
  wrap(kek: Uint8Array, place: Place): Uint8Array {
    return seal(kek, this.#key, place);
  }

  /** For all of a copy of the database: HMAC-SHA256 under a key for this only. */
  backupMac(): Hmac {
    const key = new Uint8Array(hkdfSync("sha256", this.#key, "", "backup", KEY_LENGTH));
    const mac = createHmac("sha256", key);
    key.fill(0);
    return mac;
  }

  /** What a key object holds is out of reach of a program; Node wipes it when the object is collected. */
  wipe(): void {
    this.#key.fill(0);
    this.#tagKey.fill(0);
    this.#keyObject = createSecretKey(this.#key);
    this.#tagKeyObject = createSecretKey(this.#tagKey);
  }

  #open(sealed: Uint8Array, place: Place): Buffer {
    const plaintext = open(this.#keyObject, sealed, place);
    if (plaintext !== undefined) return plaintext;
    throw new StoreError("CORRUPT", `${place[0]}.${place[1]}: want a value sealed for its row, got another`);
  }
}

export function seal(key: Uint8Array | KeyObject, plaintext: Uint8Array, place: Place): Uint8Array {
  const nonce = nextNonce();
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_LENGTH });
  cipher.setAAD(associatedData(place), { plaintextLength: plaintext.length });
  const ciphertext = cipher.update(plaintext);
  cipher.final();
  return Buffer.concat([nonce, ciphertext, cipher.getAuthTag()]);
}

/** @returns undefined if `sealed` does not belong to `key` and `place` */
export function unseal(key: Uint8Array, sealed: Uint8Array, place: Place): Uint8Array | undefined {
  const plaintext = open(key, sealed, place);
  return plaintext && new Uint8Array(plaintext);
}

function open(key: Uint8Array | KeyObject, sealed: Uint8Array, place: Place): Buffer | undefined {
  // Pages of different tables that were exchanged give rows with anything in them, whatever the schema says.
  if (!ArrayBuffer.isView(sealed)) return undefined;
  const end = sealed.length - TAG_LENGTH;
  if (end < NONCE_LENGTH) return undefined;
  const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(0, NONCE_LENGTH), { authTagLength: TAG_LENGTH });
  decipher.setAAD(associatedData(place), { plaintextLength: end - NONCE_LENGTH });
  decipher.setAuthTag(sealed.subarray(end));
  const plaintext = decipher.update(sealed.subarray(NONCE_LENGTH, end));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return plaintext;
}

let nonces = new Uint8Array();

/** Many are drawn at a time: a call for each would take as long as the rest of sealing. None is used twice. */
function nextNonce(): Uint8Array {
  if (nonces.length === 0) nonces = randomBytes(NONCE_LENGTH * NONCES_PER_DRAW);
  const nonce = nonces.subarray(0, NONCE_LENGTH);
  nonces = nonces.subarray(NONCE_LENGTH);
  return nonce;
}

/** JSON keeps the parts apart: ("a", "bc") and ("ab", "c") differ. */
function associatedData(place: Place): Uint8Array {
  return Buffer.from(JSON.stringify(place));
}
