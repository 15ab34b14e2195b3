/**
 * The sessions of this account, in memory as they are in the store.
 * @module
 */
import type { ParsedEnvelope } from "@chat/codec";
import { matchesHint } from "@chat/codec";
import type { Store } from "@chat/store";
import { compareBytes } from "../bytes.ts";
import { decodeSession, type Session } from "./session.ts";

export class SessionBook {
  readonly #sessions = new Map<string, Session>();
  /** Of before a restore: they would use message keys twice, so nothing is sent or received on them. */
  readonly #restored: Session[] = [];

  static async load(store: Store): Promise<SessionBook> {
    const book = new SessionBook();
    for (const record of await store.secrets.sessions()) {
      const session = decodeSession(record, await store.messages.sdsState(record.id));
      if (record.isRestored) book.#restored.push(session);
      else book.replace(session);
    }
    return book;
  }

  all(): Session[] {
    return [...this.#sessions.values()];
  }

  get(id: string): Session | undefined {
    return this.#sessions.get(id);
  }

  /** Call it only with what is durable already. */
  replace(session: Session): void {
    this.#sessions.set(session.id, session);
  }

  /** Call it when the deletion is durable. */
  remove(id: string): void {
    this.#sessions.delete(id);
  }

  /** The sessions whose receiving key made the envelope's hint: one, but for rare collisions. */
  matching(envelope: ParsedEnvelope): Session[] {
    return this.all().filter(({ receivingKeys }) => matchesHint(envelope, receivingKeys));
  }

  byHandshake(handshakeId: string): Session | undefined {
    return this.all().find(({ incomingHandshake }) => incomingHandshake?.handshakeId === handshakeId);
  }

  /** Whether the conversation had a session that a restore has ended. */
  hasRestored(conversationId: string): boolean {
    return this.#restored.some((session) => session.conversationId === conversationId);
  }

  /** IK of the other side. */
  peerKey(conversationId: string): Uint8Array | undefined {
    return [...this.all(), ...this.#restored].find((session) => session.conversationId === conversationId)?.peerKey;
  }

  /**
   * The session to send on: one that both sides are known to have before one that the peer has not answered,
   * then the bytewise smaller `base`, which both sides agree on (protocol.md, "Several sessions with one peer").
   */
  forSending(conversationId: string): Session | undefined {
    const isShared = ({ outgoingHandshake }: Session) => (outgoingHandshake?.isAnswered === false ? 0 : 1);
    return this.all()
      .filter((session) => session.conversationId === conversationId)
      .sort((a, b) => isShared(b) - isShared(a) || compareBytes(a.base, b.base))[0];
  }
}
