/**
 * The invites that this account has made and whose private keys it still keeps.
 * Spec: LIP-241; `docs/protocol.md`, "End of an invite".
 * @module
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  deriveInboxKeys,
  type EnvelopeKeys,
  encodeInvite,
  inviteSigningInput,
  matchesHint,
  type ParsedEnvelope,
} from "@chat/codec";
import {
  diffieHellman,
  generateKeyPair,
  isValidPublicKey,
  type KeyPair,
  keyPairFromSecret,
  type RandomBytes,
  signXeddsa,
  wipe,
} from "@chat/ratchet";
import type { InviteRecord, Store } from "@chat/store";
import { toHex } from "../bytes.ts";
import { ChatError } from "../errors.ts";
import { InviteSchema } from "../gen/chat/session/v1/session_pb.ts";
import type { Account } from "./account.ts";

/** How long a closed invite's key still opens envelopes of sessions made from it. */
const KEEP_CLOSED_MS = 30 * 24 * 60 * 60 * 1000;
const MAX_LIVE_INVITES = 100;

export type Invite = {
  /** Hexadecimal of its public key. */
  readonly id: string;
  readonly keys: KeyPair;
  readonly createdAtMs: number;
  readonly expiresAtMs?: number;
  /** When it stopped taking new handshakes. */
  readonly closedAtMs?: number;
};

export class InviteBook {
  readonly #invites = new Map<string, Invite>();
  readonly #store: Store;

  private constructor(store: Store) {
    this.#store = store;
  }

  /** Loads the invites and wipes those whose time is over. */
  static async load(store: Store, nowMs: number): Promise<InviteBook> {
    const book = new InviteBook(store);
    for (const record of await store.secrets.invites()) book.replace(decodeInvite(record));
    await book.#wipeOutdated(nowMs);
    return book;
  }

  /** Makes a single-use invite and returns its link once the private key is durable. */
  async create(account: Account, random: RandomBytes, nowMs: number, expiresInMs?: number): Promise<string> {
    await this.#wipeOutdated(nowMs);
    const live = [...this.#invites.values()].filter((invite) => isLive(invite, nowMs));
    if (live.length >= MAX_LIVE_INVITES) {
      throw new ChatError(
        "TOO_MANY_INVITES",
        `invites waiting to be used: want < ${MAX_LIVE_INVITES}; share an earlier link first`,
      );
    }
    const keys = generateKeyPair(random);
    const expiry = expiresInMs === undefined ? {} : { expiresAtMs: nowMs + expiresInMs };
    const invite: Invite = { id: toHex(keys.publicKey), keys, createdAtMs: nowMs, ...expiry };
    await this.#store.write((tx) => tx.secrets.putInvite(encodeRecord(invite)));
    this.replace(invite);
    return encodeInvite({
      installationKey: account.keys.publicKey,
      ephemeralKey: keys.publicKey,
      signature: signXeddsa(account.keys.secretKey, inviteSigningInput(keys.publicKey), random),
    });
  }

  /** The invite that a first message is for, with the keys that open it. */
  matching(envelope: ParsedEnvelope): { invite: Invite; keys: EnvelopeKeys } | undefined {
    const { ephemeral } = envelope;
    if (ephemeral.length === 0 || !isValidPublicKey(ephemeral)) return undefined;
    for (const invite of this.#invites.values()) {
      const sharedSecret = diffieHellman(invite.keys.secretKey, ephemeral);
      const keys = deriveInboxKeys({ oneTimeKey: ephemeral, prekey: invite.keys.publicKey, sharedSecret });
      wipe(sharedSecret);
      if (matchesHint(envelope, keys)) return { invite, keys };
    }
    return undefined;
  }

  get(id: string): Invite | undefined {
    return this.#invites.get(id);
  }

  /** Call it only with what is durable already. */
  replace(invite: Invite): void {
    this.#invites.set(invite.id, invite);
  }

  /** Call it when the deletion is durable. */
  remove(id: string): void {
    const invite = this.#invites.get(id);
    this.#invites.delete(id);
    if (invite !== undefined) wipe(invite.keys.secretKey);
  }

  /** Those that expired unused at once, those that were used when their time is over. */
  async #wipeOutdated(nowMs: number): Promise<void> {
    const outdated = [...this.#invites.values()].filter(
      (invite) =>
        !isLive(invite, nowMs) && (invite.closedAtMs === undefined || invite.closedAtMs + KEEP_CLOSED_MS < nowMs),
    );
    if (outdated.length === 0) return;
    await this.#store.write((tx) => {
      for (const { id } of outdated) tx.secrets.deleteInvite(id);
    });
    for (const { id } of outdated) this.remove(id);
  }
}

/** Whether it still takes new handshakes. */
export function isLive(invite: Invite, nowMs: number): boolean {
  return invite.closedAtMs === undefined && (invite.expiresAtMs === undefined || nowMs < invite.expiresAtMs);
}

export function encodeRecord({ id, keys, createdAtMs, expiresAtMs = 0, closedAtMs = 0 }: Invite): InviteRecord {
  const invite = create(InviteSchema, {
    secretKey: keys.secretKey,
    createdAtMs: BigInt(createdAtMs),
    expiresAtMs: BigInt(expiresAtMs),
    closedAtMs: BigInt(closedAtMs),
  });
  return { id, snapshot: toBinary(InviteSchema, invite) };
}

function decodeInvite({ id, snapshot }: InviteRecord): Invite {
  const { secretKey, createdAtMs, expiresAtMs, closedAtMs } = fromBinary(InviteSchema, snapshot);
  return {
    id,
    keys: keyPairFromSecret(secretKey),
    createdAtMs: Number(createdAtMs),
    ...(expiresAtMs > 0n && { expiresAtMs: Number(expiresAtMs) }),
    ...(closedAtMs > 0n && { closedAtMs: Number(closedAtMs) }),
  };
}
