/**
 * A session begun from somebody's invite, or from the private one that a peer gave before.
 * @module
 */
import { deriveConversationKeys } from "@chat/codec";
import type { RemoteInvite, StartedSession, StartOptions } from "@chat/ratchet";
import { openChannel } from "@chat/sds";
import type { Context } from "../context.ts";
import type { Session } from "./session.ts";

type Keys = ReturnType<typeof deriveConversationKeys>;

/** For `startSession` and `renew` of @chat/ratchet. */
export function startOptions({ account, random }: Pick<Context, "account" | "random">): StartOptions<Keys> {
  return { identity: account.keys, deriveKeys: deriveConversationKeys, random };
}

export function outgoingSession(
  conversationId: string,
  prekey: RemoteInvite["prekey"],
  { session, keys, handshake }: StartedSession<Keys>,
): Session {
  const { ephemeral, kemCiphertext } = handshake;
  return {
    id: session.id,
    conversationId,
    peerKey: session.peer,
    initiator: true,
    base: session.base,
    ratchet: session.ratchet,
    sendingKeys: keys.initiatorToResponder,
    receivingKeys: keys.responderToInitiator,
    outgoingHandshake: { ephemeral, prekey, isAnswered: false, ...(kemCiphertext && { kemCiphertext }) },
    isHybrid: kemCiphertext !== undefined,
    sds: openChannel("I"),
  };
}
