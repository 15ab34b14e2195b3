/**
 * Which file belongs to which, in a store that has its secrets in a file of their own.
 * @module
 */
import { randomBytes } from "node:crypto";
import { StoreError } from "@chat/store";
import type { Connection } from "./connection.ts";

/** The first schema in which there are such stores. */
const FIRST_SCHEMA = 5;
const ID_LENGTH = 16;

type Pair = { readonly store_id: Uint8Array; readonly role: "messages" | "secrets"; readonly number: number };

/** Undefined for a store in one file. */
export function readPair(connection: Connection, version: number): Pair | undefined {
  if (version < FIRST_SCHEMA) return undefined;
  return connection.statement<Pair>("SELECT store_id, role, number FROM two_files").get();
}

export function newStoreId(): Uint8Array {
  return new Uint8Array(randomBytes(ID_LENGTH));
}

/** For a new file, or one that its creation was not completed with. Within a transaction. */
export function putPair(connection: Connection, storeId: Uint8Array, role: Pair["role"]): void {
  connection
    .statement("INSERT OR REPLACE INTO two_files (id, store_id, role, number) VALUES (1, ?, ?, 0)")
    .run(storeId, role);
}

/**
 * Looks at the file of an existing store that was given as `path`, before anything else is opened.
 * @returns whether its secrets are in another file
 * @throws {@link StoreError} `INVALID_OPTION` if the options are not for this store
 */
export function checkMessages(connection: Connection, version: number, secretsPath: string | undefined): boolean {
  const role = readPair(connection, version)?.role;
  if (role === "secrets") {
    throw new StoreError("INVALID_OPTION", "path: want the file of the messages, got that of the secrets");
  }
  if (role === "messages" && secretsPath === undefined) {
    throw new StoreError("INVALID_OPTION", "secretsPath: want the file of this store's secrets, got none");
  }
  if (role === undefined && secretsPath !== undefined) {
    throw new StoreError(
      "INVALID_OPTION",
      "secretsPath: want none, since this store has its secrets in `path`, got one",
    );
  }
  return role === "messages";
}

/** @throws {@link StoreError} `CORRUPT` if `secrets` is not what belongs to the existing `messages` */
export function checkSecrets(
  messages: Connection,
  secrets: Connection,
  versions: { messages: number; secrets: number },
) {
  const [wanted, actual] = [readPair(messages, versions.messages), readPair(secrets, versions.secrets)];
  const isPair =
    wanted !== undefined && actual?.role === "secrets" && Buffer.compare(wanted.store_id, actual.store_id) === 0;
  if (!isPair) throw new StoreError("CORRUPT", "secretsPath: want the secrets of this store, got another file");
}

/** @throws {@link StoreError} `CORRUPT` if a store that is being created would take over the secrets of another one */
export function checkUnused(secrets: Connection, version: number): void {
  const pair = readPair(secrets, version);
  if (version === 0 || (pair?.role === "secrets" && pair.number === 0)) return;
  throw new StoreError("CORRUPT", "secretsPath: want no file or an empty one for a new store, got one that is in use");
}
