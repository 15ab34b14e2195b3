/**
 * People with invites and sessions, and the caller's part of each step.
 * @module
 */
import {
  type AcceptFirstMessageResult,
  acceptFirstMessage,
  type CreateInviteResult,
  createInvite,
  encrypt,
  type FirstMessage,
  generateKeyPair,
  type InviteOptions,
  type KeyPair,
  type OpenFirstMessageResult,
  type OwnInvite,
  type OwnInvites,
  openFirstMessage,
  type RandomBytes,
  type RemoteInvite,
  type StartedSession,
  startSession,
  wipe,
} from "../../src/index.ts";

export const NOW_MS = 1_800_000_000_000;
export const DAY_MS = 24 * 60 * 60 * 1_000;
export const NO_INVITES: OwnInvites = new Map();

export type Person = { readonly identity: KeyPair; invites: OwnInvites; readonly random: RandomBytes };

export function person(random: RandomBytes): Person {
  return { identity: generateKeyPair(random), invites: NO_INVITES, random };
}

/** Makes an invite and keeps it. */
export function invite(owner: Person, options: Partial<InviteOptions> = {}): OwnInvite {
  const result = createInvite(owner.invites, { nowMs: NOW_MS, random: owner.random, ...options });
  if (result.kind === "refused") throw new Error("the invite is made");
  owner.invites = result.invites;
  return result.invite;
}

export function linkOf(owner: Person, { keys, kem }: OwnInvite): RemoteInvite {
  return { identity: owner.identity.publicKey, prekey: keys.publicKey, ...(kem && { kemKey: kem.publicKey }) };
}

/** Keeps the session secret's copy as envelope keys, because the original is wiped. */
export function start(initiator: Person, link: RemoteInvite): StartedSession<Uint8Array> {
  const { identity, random } = initiator;
  return startSession(link, { identity, random, deriveKeys: (secret) => secret.slice() });
}

/** The first message of a started session, without keeping the ratchet state after it. */
export function firstMessage(initiator: Person, { session, handshake }: StartedSession<Uint8Array>, text = "hello") {
  const sent = encrypt(session.ratchet, new TextEncoder().encode(text), { random: initiator.random });
  const first: FirstMessage = { ...handshake, message: sent.message };
  return { first, ratchet: sent.state };
}

export function open(owner: Person, { id }: OwnInvite, first: FirstMessage, nowMs = NOW_MS): OpenFirstMessageResult {
  return openFirstMessage(owner.invites, id, first, { identity: owner.identity, nowMs });
}

/** Opens and accepts a first message; keeps the invites and wipes what is consumed. */
export function accept(
  owner: Person,
  own: OwnInvite,
  first: FirstMessage,
  nowMs = NOW_MS,
): AcceptFirstMessageResult<Uint8Array> {
  const opened = open(owner, own, first, nowMs);
  if (opened.kind === "known") return { kind: "discarded", reason: "replayed" };
  if (opened.kind === "discarded") return opened;
  const result = acceptFirstMessage(owner.invites, opened.pending, {
    acknowledgement: new TextEncoder().encode("ack"),
    deriveKeys: (secret) => secret.slice(),
    nowMs,
    random: owner.random,
  });
  if (result.kind === "accepted") {
    owner.invites = result.invites;
    wipe(...result.consumed);
  }
  return result;
}

export function accepted<Keys>(result: AcceptFirstMessageResult<Keys>) {
  if (result.kind !== "accepted") throw new Error(`the first message is accepted, not ${result.reason}`);
  return result;
}

export function created(result: CreateInviteResult) {
  if (result.kind !== "created") throw new Error("the invite is made");
  return result;
}
