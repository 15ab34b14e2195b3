/**
 * The end of a session, with all it would still send and all it knows. Its messages stay.
 * @module
 */
import type { StoreTransaction } from "@chat/store";
import type { Context } from "../context.ts";
import { type Session, wipeSession } from "./session.ts";

export function endSession({ secrets, messages }: StoreTransaction, id: string): void {
  secrets.deleteSession(id);
  messages.deleteSession(id);
}

/** When its end is durable. */
export function forgetSession(session: Session, { sessions, outbox }: Pick<Context, "sessions" | "outbox">): void {
  sessions.remove(session.id);
  outbox.forgetSession(session.id);
  wipeSession(session);
}
