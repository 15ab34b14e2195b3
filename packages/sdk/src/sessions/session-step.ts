/**
 * One operation on a session: collects what it changes, makes all of it durable in one transaction, and only then
 * lets anything of it be seen (invariants 1 to 3). A step that is dropped has changed nothing.
 * Hold the conversation's turn of {@link Serial} from reading the session to the end of `commit`.
 * @module
 */
import { deriveInboxKeys, mailboxTopic, sealEnvelope } from "@chat/codec";
import { diffieHellman, encrypt, generateKeyPair, type RatchetMessage, type SessionsChange, wipe } from "@chat/ratchet";
import { encodeState as encodeChannel } from "@chat/sds";
import type { OutboxEntry, OutboxRecord, StoreTransaction } from "@chat/store";
import { toHex } from "../bytes.ts";
import type { Context } from "../context.ts";
import type { DurableChange } from "../notifier.ts";
import { encodePeerFile, isNews, type PeerFile } from "../peers/peer-file.ts";
import { endSession, forgetSession } from "./ended-session.ts";
import { encodeSession, type Session } from "./session.ts";

type RowOfStep = Pick<OutboxRecord, "purpose" | "messageId" | "priority">;

export class SessionStep {
  session: Session;
  /** What is known of the peer, as the step leaves it. */
  peer: PeerFile;
  readonly #context: Context;
  readonly #writes: ((tx: StoreTransaction) => void)[] = [];
  readonly #consumed: Uint8Array[] = [];
  readonly #afterwards: (() => void)[] = [];
  readonly #outgoing: OutboxEntry[] = [];
  readonly #ended: Session[] = [];
  #envelopes = 0;
  #bytes = 0;

  /** @param peer - of a session that is new */
  constructor(session: Session, context: Context, peer = context.peers.get(session.conversationId)) {
    if (peer === undefined) throw new TypeError("a session of somebody who is not known");
    this.session = session;
    this.peer = peer;
    this.#context = context;
    context.outbox.settle();
  }

  /** That the step puts into the outbox. */
  get envelopes(): number {
    return this.#envelopes;
  }

  /** Of their payloads. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Returns a function that takes back everything added to the step since. */
  checkpoint(): () => void {
    const { session, peer } = this;
    const [envelopes, bytes] = [this.#envelopes, this.#bytes];
    const all = [this.#writes, this.#consumed, this.#afterwards, this.#outgoing, this.#ended];
    const lists = all.map((list) => ({ list, length: list.length }));
    return () => {
      this.session = session;
      this.peer = peer;
      this.#envelopes = envelopes;
      this.#bytes = bytes;
      for (const { list, length } of lists) list.length = length;
    };
  }

  /** Adds to the transaction, after what was added before. */
  write(change: (tx: StoreTransaction) => void): void {
    this.#writes.push(change);
  }

  /** Adds the session's conversation to the transaction, unless it is there already. */
  async ensureConversation(): Promise<void> {
    const { store, clock } = this.#context;
    const { conversationId: id } = this.session;
    if ((await store.messages.conversation(id)) !== undefined) return;
    const record = { id, peer: id, createdAtMs: clock.nowMs() };
    this.write((tx) => tx.messages.putConversation(record));
  }

  /** Takes over what the rules of @chat/ratchet say, with the end of sessions. */
  change({ peer, dropped }: SessionsChange): void {
    if (isNews(peer, this.peer.sessions)) this.peer = { ...this.peer, sessions: peer };
    // What nobody confirmed on them goes out on another one.
    if (dropped.length > 0) this.peer = { ...this.peer, mustRedeliver: true };
    for (const id of dropped) {
      const ended = this.#context.sessions.get(id);
      if (ended !== undefined) this.#ended.push(ended);
    }
  }

  /** Keys that only the old state held, wiped once the new one is durable. */
  consume(keys: readonly Uint8Array[]): void {
    this.#consumed.push(...keys);
  }

  /** Runs once the step is durable. */
  afterwards(run: () => void): void {
    this.#afterwards.push(run);
  }

  notify(change: DurableChange): void {
    this.afterwards(() => this.#context.notifier.notify(change));
  }

  /** Encrypts an SDS message with the next message key and puts its envelope into the outbox. */
  sendSds(sdsBytes: Uint8Array, row: RowOfStep): void {
    const { state, message, consumed } = encrypt(this.session.ratchet, sdsBytes, { random: this.#context.random });
    this.session = { ...this.session, ratchet: state };
    this.consume(consumed);
    this.send(message, row);
  }

  /** Puts a ratchet message of the session's state into the outbox. */
  send(message: RatchetMessage, row: RowOfStep): void {
    const { random, clock, mailboxBits } = this.#context;
    const payload = this.#seal(message);
    const entry: OutboxEntry = {
      ...row,
      id: toHex(random(16)),
      sessionId: this.session.id,
      topic: mailboxTopic(this.session.peerKey, mailboxBits),
      length: payload.length,
      createdAtMs: clock.nowMs(),
    };
    this.#envelopes += 1;
    this.#bytes += payload.length;
    this.write((tx) => tx.messages.putOutbox({ ...entry, payload }));
    this.#outgoing.push(entry);
  }

  async commit(): Promise<void> {
    const { session, peer } = this;
    const { store, sessions, peers, outbox } = this.#context;
    const durable = store.write((tx) => {
      for (const write of this.#writes) write(tx);
      for (const ended of this.#ended) endSession(tx, ended.id);
      if (peer !== peers.get(peer.id)) tx.secrets.putPeer(encodePeerFile(peer));
      tx.secrets.putSession(encodeSession(session));
      tx.messages.putSdsState(session.id, encodeChannel(session.sds));
    });
    // Now, so that their places in the quota share the wait for the disk. They leave when both are durable.
    for (const entry of this.#outgoing) outbox.add(entry, durable);
    await durable;
    sessions.replace(session);
    peers.replace(peer);
    wipe(...this.#consumed);
    for (const ended of this.#ended) forgetSession(ended, this.#context);
    for (const run of this.#afterwards) run();
  }

  #seal(message: RatchetMessage): Uint8Array {
    const { random, account } = this.#context;
    const { outgoingHandshake: handshake, sendingKeys } = this.session;
    const oneTime = generateKeyPair(random);
    if (handshake === undefined || handshake.isAnswered) {
      // Of no use: it is there so that a first message cannot be told by its key.
      wipe(oneTime.secretKey);
      return sealEnvelope({ kind: "ratchet", message }, sendingKeys, { ephemeral: oneTime.publicKey, random });
    }
    const sharedSecret = diffieHellman(oneTime.secretKey, handshake.prekey);
    const keys = deriveInboxKeys({ oneTimeKey: oneTime.publicKey, prekey: handshake.prekey, sharedSecret });
    const payload = {
      kind: "handshake",
      initiator: account.keys.publicKey,
      ephemeral: handshake.ephemeral,
      ...(handshake.kemCiphertext && { kemCiphertext: handshake.kemCiphertext }),
      message,
    } as const;
    const envelope = sealEnvelope(payload, keys, { ephemeral: oneTime.publicKey, random });
    wipe(oneTime.secretKey, sharedSecret, keys.sealKey, keys.hintKey);
    return envelope;
  }
}
