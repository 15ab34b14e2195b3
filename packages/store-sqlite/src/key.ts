/**
 * The key hierarchy: values are sealed with a random data key; the database keeps it wrapped by a key-encryption
 * key (KEK), which comes from a passphrase, from the caller, or from a key file. So a new passphrase needs only a
 * new wrapping.
 * @module
 */
import { randomBytes, type ScryptOptions, scrypt } from "node:crypto";
import { promisify } from "node:util";
import { StoreError } from "@chat/store";
import { errorCode } from "./error-code.ts";
import { createKeyFile, readKeyFile } from "./key-file.ts";
import { KEY_LENGTH, type Place, seal, unseal } from "./sealer.ts";

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
export function checkKey(key: Uint8Array | string | undefined): void {
  if (key === undefined) return;
  if (typeof key === "string") {
    if (key.length === 0) throw new StoreError("INVALID_OPTION", "key: want a passphrase, got an empty one");
  } else if (key.length !== KEY_LENGTH) {
    throw new StoreError("INVALID_OPTION", `key: want a passphrase or ${KEY_LENGTH} bytes, got ${key.length} bytes`);
  }
}

/** A new data key for a new database, and the row that keeps it. */
export async function createDataKey(
  key: Uint8Array | string | undefined,
  keyFile: string,
): Promise<{ dataKey: Uint8Array; row: KeyRow }> {
  const dataKey = randomBytes(KEY_LENGTH);
  const bare = { salt: null, scrypt_n: null, scrypt_r: null, scrypt_p: null };
  if (typeof key === "string") {
    const salt = randomBytes(SALT_LENGTH);
    const wrapped = wrap(await fromPassphrase(key, salt, SCRYPT), dataKey);
    const { N, r, p } = SCRYPT;
    return { dataKey, row: { kek: "passphrase", salt, scrypt_n: N, scrypt_r: r, scrypt_p: p, wrapped } };
  }
  if (key !== undefined) {
    return { dataKey, row: { kek: "bytes", ...bare, wrapped: wrap(Uint8Array.from(key), dataKey) } };
  }
  // A file that is there already is left from a creation that did not get as far as the database.
  const kek = readKeyFile(keyFile) ?? createKeyFile(keyFile);
  return { dataKey, row: { kek: "file", ...bare, wrapped: wrap(kek, dataKey) } };
}

/**
 * The data key of an existing database.
 * @throws {@link StoreError} `WRONG_KEY`, saying what the database wants; `CORRUPT` for impossible parameters
 */
export async function unwrapDataKey(
  row: KeyRow,
  key: Uint8Array | string | undefined,
  keyFile: string,
): Promise<Uint8Array> {
  const kek = await keyEncryptionKey(row, key, keyFile);
  const dataKey = unseal(kek, row.wrapped, WRAPPED);
  kek.fill(0);
  if (dataKey === undefined) {
    const given = key === undefined ? `the one in ${keyFile}` : "another one";
    throw new StoreError("WRONG_KEY", `key: want the one the database was created with, got ${given}`);
  }
  return dataKey;
}

async function keyEncryptionKey(row: KeyRow, key: Uint8Array | string | undefined, keyFile: string) {
  if (row.kek === "passphrase") {
    if (typeof key === "string") return fromPassphrase(key, ...scryptParameters(row));
    throw new StoreError("WRONG_KEY", `key: want the passphrase of the database, got ${key ? "bytes" : "none"}`);
  }
  if (typeof key === "string") {
    throw new StoreError("WRONG_KEY", `key: want the ${KEY_LENGTH} bytes of the database, got a passphrase`);
  }
  // Whoever moves the content of the key file to a better place, such as a keychain, may give it as `key`.
  if (key !== undefined) return Uint8Array.from(key);
  const fromFile = readKeyFile(keyFile);
  if (fromFile !== undefined) return fromFile;
  throw new StoreError(
    "WRONG_KEY",
    `key: want the one the database was created with, got none, and no file ${keyFile}`,
  );
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

/** Wipes `kek`. */
function wrap(kek: Uint8Array, dataKey: Uint8Array): Uint8Array {
  const wrapped = seal(kek, dataKey, WRAPPED);
  kek.fill(0);
  return wrapped;
}
