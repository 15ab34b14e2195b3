/**
 * The key hierarchy: values are sealed with a random data key; the database keeps it wrapped by a key-encryption
 * key (KEK), which comes from a passphrase, from the caller or its provider, or from a key file. So a new passphrase
 * needs only a new wrapping.
 * @module
 */
import { randomBytes, type ScryptOptions, scrypt } from "node:crypto";
import { promisify } from "node:util";
import { StoreError } from "@chat/store";
import { errorCode } from "./error-code.ts";
import { createKeyFile, draftOf, readKeyFile } from "./key-file.ts";
import { askProvider, isProvider, type KeyProvider } from "./key-provider.ts";
import { KEY_LENGTH, type Place, seal, unseal } from "./sealer.ts";

/** A passphrase, 32 bytes, or who has them. */
export type StoreKey = Uint8Array | string | KeyProvider;

/** The one row of `data_key`; the scrypt columns are null unless `kek` is "passphrase". */
export type KeyRow = {
  readonly kek: "passphrase" | "bytes" | "file";
  readonly salt: Uint8Array | null;
  readonly scrypt_n: number | null;
  readonly scrypt_r: number | null;
  readonly scrypt_p: number | null;
  readonly wrapped: Uint8Array;
};

/** About 128 MiB and a third of a second. Stored with each database, so that a later version may ask for more. */
const SCRYPT = { N: 2 ** 17, r: 8, p: 1 };
/** A tampered row must not be able to ask for all memory. */
const MAX_SCRYPT_BYTES = 1024 ** 3;
const SALT_LENGTH = 16;
const deriveKey = promisify<string, Uint8Array, number, ScryptOptions, Uint8Array>(scrypt);
const WRAPPED: Place = ["data_key", "wrapped", 1];

/** @throws {@link StoreError} `INVALID_OPTION` */
export function checkKey(key: StoreKey | undefined): void {
  if (key === undefined || isProvider(key)) return;
  if (typeof key === "string") {
    if (key.length === 0) throw new StoreError("INVALID_OPTION", "key: want a passphrase, got an empty one");
  } else if (key.length !== KEY_LENGTH) {
    throw new StoreError("INVALID_OPTION", `key: want a passphrase or ${KEY_LENGTH} bytes, got ${key.length} bytes`);
  }
}

/** A new data key for a new database, and the row that keeps it. */
export async function createDataKey(
  key: StoreKey | undefined,
  keyFile: string,
): Promise<{ dataKey: Uint8Array; row: KeyRow }> {
  const dataKey = randomBytes(KEY_LENGTH);
  // A file that is there already is left from a creation that did not get as far as the database.
  const fromFile = () => readKeyFile(keyFile) ?? createKeyFile(keyFile);
  return { dataKey, row: await wrapDataKey(key, fromFile, (kek, place) => seal(kek, dataKey, place)) };
}

/**
 * The row that keeps a data key for `key`.
 * @param keyOfFile - gives the key of the key file, where no other is wanted
 * @param wrap - seals the data key with a KEK
 */
export async function wrapDataKey(
  key: StoreKey | undefined,
  keyOfFile: () => Uint8Array,
  wrap: (kek: Uint8Array, place: Place) => Uint8Array,
): Promise<KeyRow> {
  const bare = { salt: null, scrypt_n: null, scrypt_r: null, scrypt_p: null };
  const wrapAndWipe = (kek: Uint8Array) => {
    const wrapped = wrap(kek, WRAPPED);
    kek.fill(0);
    return wrapped;
  };
  if (key === undefined) return { kek: "file", ...bare, wrapped: wrapAndWipe(keyOfFile()) };
  if (typeof key === "string") {
    const salt = randomBytes(SALT_LENGTH);
    const { N, r, p } = SCRYPT;
    const wrapped = wrapAndWipe(await fromPassphrase(key, salt, SCRYPT));
    return { kek: "passphrase", salt, scrypt_n: N, scrypt_r: r, scrypt_p: p, wrapped };
  }
  const kek = isProvider(key) ? await askProvider(key, { mayCreate: true }) : Uint8Array.from(key);
  return { kek: "bytes", ...bare, wrapped: wrapAndWipe(kek) };
}

/**
 * The data key of an existing database. What the row alone refuses is refused before anything is derived or asked for.
 * @throws {@link StoreError} `WRONG_KEY`, saying what the database wants; `CORRUPT` for impossible parameters;
 *   `KEY_UNAVAILABLE`
 */
export async function unwrapDataKey(row: KeyRow, key: StoreKey | undefined, keyFile: string): Promise<Uint8Array> {
  if (row.kek === "file" && key === undefined) return unwrapByFile(row, keyFile);
  const kek = await keyEncryptionKey(row, key, keyFile);
  const dataKey = unseal(kek, row.wrapped, WRAPPED);
  kek.fill(0);
  if (dataKey === undefined) throw wrongKey("another one");
  return dataKey;
}

/** A change of the key that was interrupted leaves the new one beside the old one. */
function unwrapByFile(row: KeyRow, keyFile: string): Uint8Array {
  const keys = [keyFile, draftOf(keyFile)].flatMap((file) => readKeyFile(file) ?? []);
  if (keys.length === 0) throw wrongKey(`none, and no file ${keyFile}`);
  for (const kek of keys) {
    const dataKey = unseal(kek, row.wrapped, WRAPPED);
    kek.fill(0);
    if (dataKey !== undefined) return dataKey;
  }
  throw wrongKey(`the one in ${keyFile}`);
}

/** Whether a key file has the key of the database. */
export function isKeyIn(file: string, row: KeyRow): boolean {
  const kek = row.kek === "file" ? readKeyFile(file) : undefined;
  const dataKey = kek && unseal(kek, row.wrapped, WRAPPED);
  kek?.fill(0);
  dataKey?.fill(0);
  return dataKey !== undefined;
}

async function keyEncryptionKey(row: KeyRow, key: StoreKey | undefined, keyFile: string): Promise<Uint8Array> {
  if (row.kek === "passphrase") {
    if (typeof key === "string") return fromPassphrase(key, ...scryptParameters(row));
    throw new StoreError("WRONG_KEY", `key: want the passphrase of the database, got ${key ? "bytes" : "none"}`);
  }
  if (typeof key === "string") {
    throw new StoreError("WRONG_KEY", `key: want the ${KEY_LENGTH} bytes of the database, got a passphrase`);
  }
  // Whoever moves the content of the key file to a better place, such as a keychain, may give it as `key`.
  if (key === undefined) throw wrongKey(`none, and ${keyFile} is not asked for it`);
  return isProvider(key) ? askProvider(key, { mayCreate: false }) : Uint8Array.from(key);
}

function wrongKey(got: string): StoreError {
  return new StoreError("WRONG_KEY", `key: want the one of the database, got ${got}`);
}

function scryptParameters({ salt, scrypt_n: N, scrypt_r: r, scrypt_p: p }: KeyRow) {
  const isPossible = salt !== null && N !== null && r !== null && p !== null && 128 * N * r * p <= MAX_SCRYPT_BYTES;
  if (!isPossible) throw new StoreError("CORRUPT", "data_key: want possible scrypt parameters, got others");
  return [salt, { N, r, p }] as const;
}

/** NFC, so that a passphrase does not depend on how a keyboard composes accents (RFC 8265, OpaqueString). */
async function fromPassphrase(passphrase: string, salt: Uint8Array, options: ScryptOptions): Promise<Uint8Array> {
  try {
    return await deriveKey(passphrase.normalize("NFC"), salt, KEY_LENGTH, { ...options, maxmem: 2 * MAX_SCRYPT_BYTES });
  } catch (error) {
    if (errorCode(error) === "ERR_CRYPTO_INVALID_SCRYPT_PARAMS") {
      throw new StoreError("CORRUPT", "data_key: want possible scrypt parameters, got others", { cause: error });
    }
    throw new StoreError("IO", "key: want memory for scrypt, got none", { cause: error });
  }
}
