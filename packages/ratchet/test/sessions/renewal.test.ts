import { describe, expect, test } from "@jest/globals";
import {
  addSession,
  breakAllSessions,
  decodePeer,
  encodePeer,
  generateKeyPair,
  isLiveInvite,
  noteOpened,
  offerRenewal,
  openPeer,
  type Peer,
  receiveRenewal,
  renew,
  revokeInvite,
  sessionForSending,
  wipe,
} from "../../src/index.ts";
import { createRandom } from "../random.ts";
import { accept, accepted, firstMessage, invite, linkOf, NOW_MS, type Person, person, start } from "./people.ts";

const AT = { nowMs: NOW_MS };

/** `owner` gives `peer` a renewal, as both keep it. */
function give(owner: Person, about: Peer, hybrid = false) {
  const offer = offerRenewal(about, owner.invites, { ...AT, random: owner.random, hybrid });
  if (offer.kind !== "offered") throw new Error("a renewal is offered");
  owner.invites = offer.invites;
  wipe(...offer.consumed);
  return { about: offer.peer, own: offer.invite, link: linkOf(owner, offer.invite) };
}

function take(about: Peer, link: ReturnType<typeof linkOf>): Peer {
  const result = receiveRenewal(about, link);
  if (result.kind !== "kept") throw new Error("the renewal is kept");
  return result.peer;
}

/** Alice and Bob with one session that both have, and renewals of each other. */
function friends(seed: number, hybrid = false) {
  const random = createRandom(seed);
  const [alice, bob] = [person(random), person(random)];
  const own = invite(bob);
  const started = start(alice, linkOf(bob, own));
  const { session, acknowledgement } = accepted(accept(bob, own, firstMessage(alice, started).first));
  let aboutBob = addSession(openPeer(bob.identity.publicKey), started.session, AT).peer;
  aboutBob = noteOpened(aboutBob, started.session.id, acknowledgement, AT).peer;
  const hers = give(alice, aboutBob, hybrid);
  const his = give(bob, addSession(openPeer(alice.identity.publicKey), session, AT).peer, hybrid);
  return {
    random,
    alice,
    bob,
    aboutBob: take(hers.about, his.link),
    aboutAlice: take(his.about, hers.link),
    ownOfBob: his.own,
    linkToBob: his.link,
  };
}

function renewed(about: Peer, { identity, random }: Person) {
  const result = renew(about, { identity, random, ...AT, deriveKeys: (secret) => secret.slice() });
  if (result.kind !== "renewed") throw new Error(`the session is renewed, not ${result.kind}`);
  return result;
}

describe.each([
  ["classical", false],
  ["hybrid", true],
])("a %s renewal", (_kind, hybrid) => {
  test("brings a conversation back after a restore, without a new link, and supersedes what was", () => {
    const { alice, bob, aboutBob, aboutAlice, ownOfBob } = friends(130, hybrid);
    const restored = breakAllSessions(decodePeer(encodePeer(aboutBob)), AT).peer;
    const { peer, started } = renewed(restored, alice);
    expect(sessionForSending(peer)?.id).toBe(started.session.id);
    expect(started.handshake.kemCiphertext?.length).toBe(hybrid ? 1_088 : undefined);

    const atBob = accepted(accept(bob, ownOfBob, firstMessage(alice, started).first));
    const after = addSession(aboutAlice, atBob.session, AT).peer;
    expect(sessionForSending(after)?.id).toBe(atBob.session.id);
    expect(atBob.session.base).toEqual(started.session.base);
    // Bob's invite is used up, so he owes Alice another, in the new session.
    expect(offerRenewal(after, bob.invites, { ...AT, random: bob.random }).kind).toBe("offered");
  });
});

describe("a renewal is private", () => {
  test("nobody but the one it was given to can use it, not even with the right keys", () => {
    const { random, bob, ownOfBob, linkToBob } = friends(131);
    const mallory = person(random);
    const first = firstMessage(mallory, start(mallory, linkToBob)).first;
    expect(accept(bob, ownOfBob, first)).toEqual({ kind: "discarded", reason: "wrong-peer" });
    expect(bob.invites.get(ownOfBob.id)).toMatchObject({ handshakes: [] });
  });

  test("a peer cannot hand us the invite of somebody else, or keys that are none", () => {
    const { random, aboutBob } = friends(132);
    const stranger = generateKeyPair(random).publicKey;
    const prekey = generateKeyPair(random).publicKey;
    const identity = aboutBob.key;
    expect(receiveRenewal(aboutBob, { identity: stranger, prekey })).toEqual({
      kind: "discarded",
      reason: "wrong-peer",
    });
    const invalid = { kind: "discarded", reason: "invalid-key" };
    expect(receiveRenewal(aboutBob, { identity, prekey: new Uint8Array(32) })).toEqual(invalid);
    expect(receiveRenewal(aboutBob, { identity, prekey, kemKey: new Uint8Array(1_184).fill(0xff) })).toEqual(invalid);
    expect(receiveRenewal(aboutBob, { identity, prekey, kemKey: new Uint8Array(32) })).toEqual(invalid);
  });
});

describe("a renewal is used once", () => {
  test("by its holder, who forgets it with the new session", () => {
    const { alice, aboutBob } = friends(133);
    const { peer } = renewed(breakAllSessions(aboutBob, AT).peer, alice);
    const again = breakAllSessions(peer, AT).peer;
    const options = { identity: alice.identity, random: alice.random, ...AT, deriveKeys: () => undefined };
    expect(renew(again, options)).toEqual({ kind: "no-renewal" });
  });

  test("by its maker, who refuses a second handshake with it", () => {
    const { alice, bob, ownOfBob, linkToBob } = friends(134);
    const [one, two] = [start(alice, linkToBob), start(alice, linkToBob)];
    accepted(accept(bob, ownOfBob, firstMessage(alice, one).first));
    expect(accept(bob, ownOfBob, firstMessage(alice, two).first)).toEqual({
      kind: "discarded",
      reason: "invite-ended",
    });
  });

  test("and not while there is a session to send on, or with somebody never met", () => {
    const { alice, aboutBob } = friends(135);
    const options = { identity: alice.identity, random: alice.random, ...AT, deriveKeys: () => undefined };
    expect(renew(aboutBob, options)).toEqual({ kind: "not-needed" });
    expect(renew(openPeer(aboutBob.key), options)).toEqual({ kind: "not-needed" });
  });
});

describe("what is offered", () => {
  test("is one for each session that is sent on, not more however often it is asked", () => {
    const { alice, aboutBob } = friends(136);
    expect(offerRenewal(aboutBob, alice.invites, { ...AT, random: alice.random })).toEqual({ kind: "not-needed" });
    expect(offerRenewal(breakAllSessions(aboutBob, AT).peer, alice.invites, { ...AT, random: alice.random })).toEqual({
      kind: "not-needed",
    });
  });

  test("is made anew when it was revoked or used, in the same session", () => {
    const { bob, aboutAlice, ownOfBob } = friends(139);
    bob.invites = revokeInvite(bob.invites, ownOfBob.id, AT).invites;
    const { about } = give(bob, aboutAlice);
    expect(about.offered.map(({ inviteId }) => inviteId)).not.toContain(ownOfBob.id);
  });

  test("is never more than two live invites for a peer, and the oldest is wiped", () => {
    const { bob, aboutAlice, ownOfBob } = friends(137);
    let about = aboutAlice;
    for (let base = 1; base <= 5; base += 1) {
      const session = { id: `0${base}`.repeat(18), base: new Uint8Array(18).fill(base), role: "responder" } as const;
      about = give(bob, addSession(about, session, AT).peer).about;
      const live = [...bob.invites.values()].filter((own) => own.peer && isLiveInvite(own, NOW_MS));
      expect(live.length).toBe(2);
    }
    expect(about.offered.length).toBe(2);
    expect(ownOfBob.keys.secretKey).toEqual(new Uint8Array(32));
  });

  test("is refused beyond the limit of all renewals, and nothing changes", () => {
    const random = createRandom(138);
    const bob = person(random);
    const limits = { maxLiveRenewals: 2 };
    const kinds = [1, 2, 3].map((base) => {
      const session = { id: `0${base}`.repeat(18), base: new Uint8Array(18).fill(base), role: "responder" } as const;
      const about = addSession(openPeer(generateKeyPair(random).publicKey), session, AT).peer;
      const offer = offerRenewal(about, bob.invites, { ...AT, random, limits });
      if (offer.kind === "offered") bob.invites = offer.invites;
      return offer.kind;
    });
    expect([kinds, bob.invites.size]).toEqual([["offered", "offered", "refused"], 2]);
  });
});
