/**
 * What is known of people, in memory as it is in the store. A file changes in the turn of its conversation only.
 * @module
 */
import { addSession, sessionForSending } from "@chat/ratchet";
import type { Store } from "@chat/store";
import type { Session } from "../sessions/session.ts";
import type { SessionBook } from "../sessions/session-book.ts";
import { decodePeerFile, newPeerFile, type PeerFile } from "./peer-file.ts";

export class PeerBook {
  readonly #files = new Map<string, PeerFile>();
  readonly #sessions: SessionBook;

  private constructor(sessions: SessionBook) {
    this.#sessions = sessions;
  }

  /** Those whom databases of earlier versions know by their sessions only are open. */
  static async load(store: Store, sessions: SessionBook, nowMs: number): Promise<PeerBook> {
    const book = new PeerBook(sessions);
    for (const record of await store.secrets.peers()) book.replace(decodePeerFile(record));
    for (const session of sessions.everything()) {
      const { conversationId: id, peerKey } = session;
      const file = book.get(id) ?? newPeerFile(id, peerKey, "open");
      if (file.sessions.sessions.some((known) => known.id === session.id)) continue;
      book.replace({ ...file, sessions: withSession(file.sessions, session, nowMs) });
    }
    return book;
  }

  all(): PeerFile[] {
    return [...this.#files.values()];
  }

  get(id: string): PeerFile | undefined {
    return this.#files.get(id);
  }

  /** Call it only with what is durable already. */
  replace(file: PeerFile): void {
    this.#files.set(file.id, file);
  }

  /** Call it when the deletion is durable. */
  remove(id: string): void {
    this.#files.delete(id);
  }

  /** Whether anything may be sent to them: a confirmation, too, says that somebody is there. */
  mayAnswer(id: string): boolean {
    return this.get(id)?.standing === "open";
  }

  isBlocked(id: string): boolean {
    return this.get(id)?.standing === "blocked";
  }

  /** The session to send on, if there is one (protocol.md, "Several sessions with one peer"). */
  sessionForSending(id: string): Session | undefined {
    const file = this.get(id);
    const chosen = file && sessionForSending(file.sessions);
    return chosen && this.#sessions.get(chosen.id);
  }
}

/** A session that was made before files were kept. */
function withSession(peer: PeerFile["sessions"], session: Session, nowMs: number): PeerFile["sessions"] {
  const { id, base, initiator, outgoingHandshake } = session;
  const added = addSession(peer, { id, base, role: initiator ? "initiator" : "responder" }, { nowMs }).peer;
  if (!initiator || outgoingHandshake?.isAnswered === false) return added;
  const sessions = added.sessions.map((known) => (known.id === id ? { ...known, isShared: true } : known));
  return { ...added, sessions };
}
