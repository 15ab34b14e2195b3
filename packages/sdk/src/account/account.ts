/**
 * The account: one X25519 key pair in the secrets database, made when the database is (CHAT-F1).
 * @module
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { accountId, generateKeyPair, type KeyPair, keyPairFromSecret, type RandomBytes } from "@chat/ratchet";
import type { Store } from "@chat/store";
import { IdentitySchema } from "../gen/chat/session/v1/session_pb.ts";

export type Account = {
  /** Fingerprint of the installation key, hexadecimal. */
  readonly id: string;
  readonly keys: KeyPair;
  readonly createdAtMs: number;
};

/** Loads the account of this database, or makes it. */
export async function openAccount(store: Store, random: RandomBytes, nowMs: number): Promise<Account> {
  const stored = await readIdentity(store);
  if (stored !== undefined) return stored;
  const keys = generateKeyPair(random);
  const identity = create(IdentitySchema, { secretKey: keys.secretKey, createdAtMs: BigInt(nowMs) });
  await store.write((tx) => tx.secrets.putIdentity(toBinary(IdentitySchema, identity)));
  return describe(keys, nowMs);
}

/** The account that is in the database. */
export async function readIdentity(store: Store): Promise<Account | undefined> {
  const stored = await store.secrets.identity();
  if (stored === undefined) return undefined;
  const { secretKey, createdAtMs } = fromBinary(IdentitySchema, stored);
  return describe(keyPairFromSecret(secretKey), Number(createdAtMs));
}

function describe(keys: KeyPair, createdAtMs: number): Account {
  return { id: accountId(keys.publicKey), keys, createdAtMs };
}
