/**
 * One session with a peer as a value: ratchet, envelope keys, SDS channel. Its secret part is one snapshot
 * in the secrets database; the SDS channel belongs to the message database.
 * Spec: `docs/protocol.md`, "Sessions" and "Envelope".
 * @module
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { EnvelopeKeys } from "@chat/codec";
import {
  decodeState as decodeRatchet,
  encodeState as encodeRatchet,
  type RatchetState,
  wipe,
  wipeState,
} from "@chat/ratchet";
import { type ChannelState, decodeState as decodeChannel, openChannel } from "@chat/sds";
import type { SessionRecord } from "@chat/store";
import { type OutgoingHandshake as OutgoingHandshakeRecord, SessionSchema } from "../gen/chat/session/v1/session_pb.ts";

export type Session = {
  /** The local conversation id of LIP-242. */
  readonly id: string;
  /** Account id of the peer: several sessions with one peer are one conversation to people. */
  readonly conversationId: string;
  /** IK of the peer. */
  readonly peerKey: Uint8Array;
  readonly initiator: boolean;
  readonly base: Uint8Array;
  readonly ratchet: RatchetState;
  readonly sendingKeys: EnvelopeKeys;
  readonly receivingKeys: EnvelopeKeys;
  readonly outgoingHandshake?: OutgoingHandshake;
  readonly incomingHandshake?: IncomingHandshake;
  /** Begun with ML-KEM-768 as well. */
  readonly isHybrid: boolean;
  readonly sds: ChannelState;
};

/** Initiator: how first messages are addressed until the responder has answered. Public keys only. */
export type OutgoingHandshake = {
  readonly ephemeral: Uint8Array;
  readonly prekey: Uint8Array;
  /** To a hybrid invite. */
  readonly kemCiphertext?: Uint8Array;
  readonly isAnswered: boolean;
};
/** Responder: the handshake that made the session; its invite's key is needed until `isConfirmed`. */
export type IncomingHandshake = {
  readonly inviteId: string;
  readonly handshakeId: string;
  readonly isConfirmed: boolean;
};

/** The secret part, for the secrets database. */
export function encodeSession(session: Session): SessionRecord {
  const { id, conversationId, peerKey, initiator, base, sendingKeys, receivingKeys, isHybrid } = session;
  const snapshot = toBinary(
    SessionSchema,
    create(SessionSchema, {
      peerKey,
      initiator,
      base,
      ratchet: encodeRatchet(session.ratchet),
      sendingKeys,
      receivingKeys,
      isHybrid,
      ...(session.outgoingHandshake && { outgoingHandshake: session.outgoingHandshake }),
      ...(session.incomingHandshake && { incomingHandshake: session.incomingHandshake }),
    }),
  );
  return { id, conversationId, snapshot };
}

/** @param sds - what the message database keeps for the session; undefined before the first message */
export function decodeSession({ id, conversationId, snapshot }: SessionRecord, sds: Uint8Array | undefined): Session {
  const record = fromBinary(SessionSchema, snapshot);
  const { peerKey, initiator, base, ratchet, sendingKeys, receivingKeys, isHybrid } = record;
  const { outgoingHandshake, incomingHandshake } = record;
  if (sendingKeys === undefined || receivingKeys === undefined) throw new TypeError("session snapshot without keys");
  return {
    id,
    conversationId,
    peerKey,
    initiator,
    base,
    ratchet: decodeRatchet(ratchet),
    sendingKeys,
    receivingKeys,
    ...(outgoingHandshake && { outgoingHandshake: fromRecord(outgoingHandshake) }),
    ...(incomingHandshake && { incomingHandshake }),
    isHybrid,
    sds: sds === undefined ? openChannel(initiator ? "I" : "R") : decodeChannel(sds),
  };
}

function fromRecord({ ephemeral, prekey, kemCiphertext, isAnswered }: OutgoingHandshakeRecord): OutgoingHandshake {
  return { ephemeral, prekey, isAnswered, ...(kemCiphertext.length > 0 && { kemCiphertext }) };
}

/** Overwrites the keys of a session that is deleted. */
export function wipeSession({ ratchet, sendingKeys, receivingKeys }: Session): void {
  wipeState(ratchet);
  for (const { sealKey, hintKey } of [sendingKeys, receivingKeys]) wipe(sealKey, hintKey);
}
