/**
 * The sessions of this account, in memory as they are in the store.
 * @module
 */
import type { ParsedEnvelope } from "@chat/codec";
import { matchesHint } from "@chat/codec";
import type { Store } from "@chat/store";
import { decodeSession, type Session } from "./session.ts";

export class SessionBook {
  readonly #sessions = new Map<string, Session>();
  /** Of before a restore: they would use message keys twice, so nothing is sent or received on them. */
  readonly #restored = new Map<string, Session>();

  static async load(store: Store): Promise<SessionBook> {
    const book = new SessionBook();
    for (const record of await store.secrets.sessions()) {
      const session = decodeSession(record, await store.messages.sdsState(record.id));
      if (record.isRestored) book.#restored.set(session.id, session);
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
    this.#restored.delete(id);
  }

  /** The sessions whose receiving key made the envelope's hint: one, but for rare collisions. */
  matching(envelope: ParsedEnvelope): Session[] {
    return this.all().filter(({ receivingKeys }) => matchesHint(envelope, receivingKeys));
  }

  byHandshake(handshakeId: string): Session | undefined {
    return this.all().find(({ incomingHandshake }) => incomingHandshake?.handshakeId === handshakeId);
  }

  ofConversation(conversationId: string): Session[] {
    return this.everything().filter((session) => session.conversationId === conversationId);
  }

  /** Also those of before a restore. */
  everything(): Session[] {
    return [...this.all(), ...this.#restored.values()];
  }

  get restored(): readonly Session[] {
    return [...this.#restored.values()];
  }
}
