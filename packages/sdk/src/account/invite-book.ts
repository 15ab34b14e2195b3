/**
 * The invites of this account, in memory as they are in the store. Their rules are those of @chat/ratchet.
 * They change one at a time (`inTurn`), so that no change is computed from what another has replaced. Never wait for a
 * turn while holding that of a conversation: a first message takes them in the other order.
 * Spec: LIP-241; `docs/protocol.md`, "Identity and invites".
 * @module
 */
import { deriveInboxKeys, type EnvelopeKeys, matchesHint, type ParsedEnvelope } from "@chat/codec";
import {
  createInvite,
  decodeOwnInvite,
  diffieHellman,
  encodeOwnInvite,
  type InvitesChange,
  isValidPublicKey,
  noteHandshake,
  type OwnInvite,
  type OwnInvites,
  type RandomBytes,
  revokeInvite,
  tendInvites,
  wipe,
} from "@chat/ratchet";
import type { SecretWriter, Store } from "@chat/store";
import { ChatError } from "../errors.ts";
import type { Serial } from "../serial.ts";

export type NewInvite = { readonly expiresInMs?: number; readonly hybrid?: boolean; readonly use?: "single" | "multi" };

export class InviteBook {
  readonly #store: Store;
  readonly #serial: Serial;
  #invites: OwnInvites = new Map();

  private constructor(store: Store, serial: Serial) {
    this.#store = store;
    this.#serial = serial;
  }

  /** Loads the invites and wipes those whose time is over. */
  static async load(store: Store, serial: Serial, nowMs: number): Promise<InviteBook> {
    const book = new InviteBook(store, serial);
    const invites = (await store.secrets.invites()).map(({ snapshot }) => decodeOwnInvite(snapshot));
    book.#invites = new Map(invites.map((invite) => [invite.id, invite]));
    await book.#make(tendInvites(book.#invites, { nowMs }));
    return book;
  }

  /** As they are durable. */
  get all(): OwnInvites {
    return this.#invites;
  }

  /** Runs `operation` when no other one changes invites. */
  inTurn<Result>(operation: () => Promise<Result>): Promise<Result> {
    return this.#serial.run("invites", operation);
  }

  /** @throws {@link ChatError} `TOO_MANY_INVITES` */
  create(options: NewInvite & { readonly nowMs: number; readonly random: RandomBytes }): Promise<OwnInvite> {
    return this.inTurn(async () => {
      const created = createInvite(this.#invites, options);
      if (created.kind === "refused") {
        throw new ChatError(
          "TOO_MANY_INVITES",
          "invites waiting to be used: as many as there may be; share an earlier link, or revoke one",
        );
      }
      await this.#make(created);
      return created.invite;
    });
  }

  /** From then on it takes no new handshake. */
  revoke(id: string, nowMs: number): Promise<void> {
    return this.inTurn(() => this.#make(revokeInvite(this.#invites, id, { nowMs })));
  }

  /** What happened to the session of a handshake. It may be noted again, so it need not be in the session's transaction. */
  note(
    handshake: { readonly inviteId: string; readonly handshakeId: string },
    happened: Parameters<typeof noteHandshake>[2],
    nowMs: number,
  ): Promise<void> {
    return this.inTurn(async () => {
      const known = this.#invites.get(handshake.inviteId)?.handshakes.find(({ id }) => id === handshake.handshakeId);
      if (known === undefined || known.isSettled || (happened === "answered" && known.isAnswered)) return;
      await this.#make(noteHandshake(this.#invites, handshake, happened, { nowMs }));
    });
  }

  /** Wipes those whose time is over. */
  tend(nowMs: number): Promise<void> {
    return this.inTurn(() => this.#make(tendInvites(this.#invites, { nowMs })));
  }

  /** The invite that a first message is for, with the keys that open it. */
  matching(envelope: ParsedEnvelope): { readonly inviteId: string; readonly keys: EnvelopeKeys } | undefined {
    const { ephemeral } = envelope;
    if (ephemeral.length === 0 || !isValidPublicKey(ephemeral)) return undefined;
    for (const { id, keys: prekey } of this.#invites.values()) {
      const sharedSecret = diffieHellman(prekey.secretKey, ephemeral);
      const keys = deriveInboxKeys({ oneTimeKey: ephemeral, prekey: prekey.publicKey, sharedSecret });
      wipe(sharedSecret);
      if (matchesHint(envelope, keys)) return { inviteId: id, keys };
      wipe(keys.sealKey, keys.hintKey);
    }
    return undefined;
  }

  /** Adds to a transaction what the change means for the store. */
  write(secrets: SecretWriter, { invites }: InvitesChange): void {
    for (const invite of invites.values()) {
      if (this.#invites.get(invite.id) === invite) continue;
      secrets.putInvite({ id: invite.id, snapshot: encodeOwnInvite(invite) });
    }
    for (const id of this.#invites.keys()) if (!invites.has(id)) secrets.deleteInvite(id);
  }

  /** Takes over a change that has become durable. */
  adopt({ invites, consumed }: InvitesChange): void {
    this.#invites = invites;
    wipe(...consumed);
  }

  async #make(change: InvitesChange): Promise<void> {
    if (change.invites === this.#invites) return;
    await this.#store.write(({ secrets }) => this.write(secrets, change));
    this.adopt(change);
  }
}
