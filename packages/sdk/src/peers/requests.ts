/**
 * Conversations that strangers opened: what is kept of them until somebody accepts. Nothing is sent meanwhile, no
 * confirmation either, and what is beyond the bounds is not confirmed, so that it comes again once the request is accepted.
 * Spec: `docs/protocol.md`, "Requests".
 * @module
 */
import type { OwnInvite } from "@chat/ratchet";
import { owesAcknowledgement } from "@chat/sds";
import type { Context } from "../context.ts";
import type { Session } from "../sessions/session.ts";
import type { SessionStep } from "../sessions/session-step.ts";
import { changePeer } from "./change-peer.ts";
import type { PeerFile, Standing } from "./peer-file.ts";

/** Which conversations that others open are requests: those from links for many, all, or none. */
export type Requests = "multi-use" | "all" | "none";

const MAX_STORED_MESSAGES = 100;
const MAX_STORED_BYTES = 2 ** 20;

/** How somebody who is not known begins. */
export function standingOf(invite: OwnInvite | undefined, requests: Requests): Standing {
  const { use, peer } = invite ?? {};
  const isRequest = requests === "all" || (requests === "multi-use" && use === "multi");
  return isRequest && peer === undefined ? "request" : "open";
}

/** Why content of so many bytes is not stored. */
export function refusalOf({ standing, stored }: PeerFile, bytes: number): "blocked" | "request-full" | undefined {
  if (standing === "open") return undefined;
  if (standing === "blocked") return "blocked";
  const isFull = stored.messages >= MAX_STORED_MESSAGES || stored.bytes + bytes > MAX_STORED_BYTES;
  return isFull ? "request-full" : undefined;
}

export function withStored(file: PeerFile, bytes: number): PeerFile {
  if (file.standing !== "request") return file;
  return { ...file, stored: { messages: file.stored.messages + 1, bytes: file.stored.bytes + bytes } };
}

/** Adds to a step that the request is accepted: by saying so, or by writing to them. */
export function acceptRequest(step: SessionStep, context: Context): void {
  const { peer } = step;
  if (peer.standing !== "request") return;
  step.peer = opened(peer);
  step.afterwards(() => answerOpened(peer.id, context));
}

/** @returns whether there is such a person */
export function acceptPeer(id: string, context: Context): Promise<boolean> {
  return setStanding(id, "open", context);
}

/** From now on, nothing of them is stored, and nothing is sent to them. */
export function blockPeer(id: string, context: Context): Promise<boolean> {
  return setStanding(id, "blocked", context);
}

async function setStanding(id: string, standing: "open" | "blocked", context: Context): Promise<boolean> {
  return context.serial.run(id, async () => {
    const file = context.peers.get(id);
    if (file === undefined) return false;
    if (file.standing === standing) return true;
    await changePeer(standing === "open" ? opened(file) : { ...file, standing }, [], context);
    if (standing === "open") answerOpened(id, context);
    else context.notifier.notify({ kind: "standing", conversationId: id, standing });
    return true;
  });
}

function opened(file: PeerFile): PeerFile {
  return { ...file, standing: "open", stored: { messages: 0, bytes: 0 } };
}

/** What was held back may leave. */
function answerOpened(id: string, context: Context): void {
  const { notifier, sessions } = context;
  notifier.notify({ kind: "standing", conversationId: id, standing: "open" });
  for (const session of sessions.ofConversation(id)) {
    notifier.notify({ kind: "session", sessionId: session.id, owesAcknowledgement: owesAcknowledgement(session.sds) });
    noteAnswered(session, context);
  }
}

/** Its invite counts it no more among those that nobody has answered. Noted again at the next start if it fails. */
export function noteAnswered({ incomingHandshake }: Session, { invites, clock, notifier }: Context): void {
  if (incomingHandshake === undefined) return;
  invites
    .note(incomingHandshake, "answered", clock.nowMs())
    .catch((error: unknown) => notifier.notify({ kind: "error", error }));
}
