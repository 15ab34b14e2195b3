import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  addSession,
  breakSession,
  decodePeer,
  encodePeer,
  encrypt,
  generateKemKeyPair,
  generateKeyPair,
  noteOpened,
  openPeer,
  type Peer,
  preferSession,
  type RatchetMessage,
  receiveRenewal,
  sessionForSending,
  sessionsForReceiving,
  tendSessions,
} from "../../src/index.ts";
import { createRandom } from "../random.ts";
import { accept, accepted, DAY_MS, firstMessage, invite, linkOf, NOW_MS, person, start } from "./people.ts";

const random = createRandom(110);
const KEY = generateKeyPair(random).publicKey;
const AT = { nowMs: NOW_MS };

/** A message whose ratchet key is fresh. Nothing here opens it; these rules only look at its header. */
function message(messageNumber = 0): RatchetMessage {
  return {
    dh: generateKeyPair(random).publicKey,
    messageNumber,
    previousChainLength: 0,
    ciphertext: new Uint8Array(28),
  };
}

function add(peer: Peer, base: number, role: "initiator" | "responder", nowMs = NOW_MS): Peer {
  return addSession(peer, { id: idOf(base), base: new Uint8Array(18).fill(base), role }, { nowMs }).peer;
}

function idOf(base: number): string {
  return base.toString(16).padStart(2, "0").repeat(18);
}

function opened(peer: Peer, base: number, nowMs = NOW_MS): Peer {
  return noteOpened(peer, idOf(base), message(), { nowMs }).peer;
}

function sendsOn(peer: Peer): string | undefined {
  return sessionForSending(peer)?.id;
}

describe("two people who begin at the same moment", () => {
  test("send on the one on which the other side says that it has lost all others, whatever the bases", () => {
    for (const base of [1, 3]) {
      const both = add(opened(add(openPeer(KEY), 2, "initiator"), 2), base, "responder");
      const { peer, dropped } = preferSession(both, idOf(base), AT);
      expect([sendsOn(peer), dropped]).toEqual([idOf(base), []]);
      expect(sessionsForReceiving(peer, AT)).toHaveLength(2);
      expect(preferSession(peer, idOf(base), AT).peer).toEqual(peer);
      expect(decodePeer(encodePeer(peer))).toEqual(peer);
    }
  });

  test("send on the session with the smaller base once both have both, and lose nothing before", () => {
    const [alice, bob] = [person(createRandom(111)), person(createRandom(112))];
    const [ofAlice, ofBob] = [invite(alice), invite(bob)];
    const [hers, his] = [start(alice, linkOf(bob, ofBob)), start(bob, linkOf(alice, ofAlice))];
    let aboutBob = addSession(openPeer(bob.identity.publicKey), hers.session, AT).peer;
    let aboutAlice = addSession(openPeer(alice.identity.publicKey), his.session, AT).peer;
    expect([sendsOn(aboutBob), sendsOn(aboutAlice)]).toEqual([hers.session.id, his.session.id]);

    const atBob = accepted(accept(bob, ofBob, firstMessage(alice, hers).first));
    const atAlice = accepted(accept(alice, ofAlice, firstMessage(bob, his).first));
    aboutAlice = addSession(aboutAlice, atBob.session, AT).peer;
    aboutBob = addSession(aboutBob, atAlice.session, AT).peer;
    // Each sends on the session that it knows the other to have, and receives on both.
    expect([sendsOn(aboutBob), sendsOn(aboutAlice)]).toEqual([atAlice.session.id, atBob.session.id]);
    expect(sessionsForReceiving(aboutBob, AT).length).toBe(2);

    aboutBob = noteOpened(aboutBob, hers.session.id, atBob.acknowledgement, AT).peer;
    aboutAlice = noteOpened(aboutAlice, his.session.id, atAlice.acknowledgement, AT).peer;
    const bases = [sessionForSending(aboutBob)?.base, sessionForSending(aboutAlice)?.base];
    expect(bases[0]).toEqual(bases[1]);
    expect(Buffer.compare(Buffer.from(bases[0] ?? []), Buffer.from(hers.session.base))).not.toBe(1);
    expect(Buffer.compare(Buffer.from(bases[0] ?? []), Buffer.from(his.session.base))).not.toBe(1);
  });

  test.each([
    ["before there was any session", false],
    ["to renew one", true],
  ])("%s choose alike in whatever order they hear of each other, and receive on both", (_when, isRenewal) => {
    const finish = (own: number, other: number, answerFirst: boolean) => {
      const known = isRenewal ? add(openPeer(KEY), 7, "responder", NOW_MS - DAY_MS) : openPeer(KEY);
      const started = add(known, own, "initiator");
      const answered = (peer: Peer) => opened(peer, own);
      return answerFirst
        ? add(answered(started), other, "responder", NOW_MS + 59 * 60_000)
        : answered(add(started, other, "responder"));
    };
    const property = fc.property(
      fc.boolean(),
      fc.boolean(),
      fc.boolean(),
      (aliceHasSmaller, firstAtAlice, firstAtBob) => {
        const [hers, his] = aliceHasSmaller ? [1, 2] : [2, 1];
        const sides = [finish(hers, his, firstAtAlice), finish(his, hers, firstAtBob)];
        expect(sides.map(sendsOn)).toEqual([idOf(1), idOf(1)]);
        for (const side of sides) expect(sessionsForReceiving(side, AT).length).toBe(isRenewal ? 3 : 2);
      },
    );
    fc.assert(property, { numRuns: 30 });
  });

  test("are not two who begin an hour apart: the peer has lost the first session, so the second is sent on", () => {
    const peer = opened(add(openPeer(KEY), 1, "initiator"), 1);
    expect(sendsOn(add(peer, 2, "responder", NOW_MS + 60 * 60_000 - 1))).toBe(idOf(1));
    expect(sendsOn(add(peer, 2, "responder", NOW_MS + 60 * 60_000))).toBe(idOf(2));
  });
});

describe("a renewed session", () => {
  test("supersedes an older one with a smaller base, on both sides, once both have it", () => {
    let initiator = opened(add(openPeer(KEY), 1, "initiator"), 1);
    let responder = add(openPeer(KEY), 1, "responder");
    initiator = add(initiator, 9, "initiator");
    responder = add(responder, 9, "responder");
    expect([sendsOn(initiator), sendsOn(responder)]).toEqual([idOf(1), idOf(9)]); // not yet known to be there
    initiator = opened(initiator, 9);
    expect(sendsOn(initiator)).toBe(idOf(9));
  });

  test("leaves the old one receiving for 30 days since it was last used, no longer", () => {
    let peer = add(openPeer(KEY), 1, "responder");
    peer = add(peer, 9, "responder", NOW_MS + DAY_MS);
    expect(sessionsForReceiving(peer, { nowMs: NOW_MS + 31 * DAY_MS - 1 }).map(({ id }) => id)).toEqual([
      idOf(1),
      idOf(9),
    ]);
    expect(tendSessions(peer, { nowMs: NOW_MS + 31 * DAY_MS })).toMatchObject({ dropped: [idOf(1)] });
    const used = opened(peer, 1, NOW_MS + 20 * DAY_MS);
    expect(tendSessions(used, { nowMs: NOW_MS + 50 * DAY_MS - 1 }).dropped).toEqual([]);
    expect(tendSessions(used, { nowMs: NOW_MS + 50 * DAY_MS }).dropped).toEqual([idOf(1)]);
  });

  test("does not time out while it is the one to send on, however quiet it is", () => {
    const peer = add(openPeer(KEY), 1, "responder");
    expect(tendSessions(peer, { nowMs: NOW_MS + 10_000 * DAY_MS }).dropped).toEqual([]);
  });
});

describe("a peer that makes ever more sessions", () => {
  test("has eight, and always the newest and the one that is sent on", () => {
    let peer = openPeer(KEY);
    const dropped: string[] = [];
    for (let base = 1; base <= 30; base += 1) {
      const session = { id: idOf(base), base: new Uint8Array(18).fill(base), role: "responder" } as const;
      const change = addSession(peer, session, AT);
      peer = change.peer;
      dropped.push(...change.dropped);
      expect(sendsOn(peer)).toBe(idOf(base));
    }
    expect(peer.sessions.length).toBe(8);
    expect(dropped).toEqual(Array.from({ length: 22 }, (_, index) => idOf(index + 1)));
  });

  test("cannot push out a session by one that nobody answered", () => {
    let peer = add(openPeer(KEY), 1, "responder");
    for (let base = 2; base <= 30; base += 1) peer = add(peer, base, "initiator");
    expect(sendsOn(peer)).toBe(idOf(1));
  });
});

test("a broken session is neither chosen nor revived by what still arrives for it", () => {
  let peer = add(add(openPeer(KEY), 1, "responder"), 2, "responder");
  peer = breakSession(peer, idOf(2), AT).peer;
  expect(opened(peer, 2, NOW_MS + DAY_MS).sessions).toEqual(peer.sessions);
  expect(sendsOn(peer)).toBe(idOf(1));
  expect(sessionsForReceiving(peer, AT).map(({ id }) => id)).toEqual([idOf(1)]);
});

test("a session is not made twice, and values are never changed", () => {
  const peer = add(openPeer(KEY), 1, "responder");
  const before = encodePeer(peer);
  expect(add(peer, 1, "responder").sessions.length).toBe(1);
  opened(add(peer, 2, "initiator"), 2);
  expect(encodePeer(peer)).toEqual(before);
});

describe("a snapshot of a peer", () => {
  const bob = person(createRandom(113));
  const kemKey = generateKemKeyPair(bob.random).publicKey;
  const received = receiveRenewal(openPeer(bob.identity.publicKey), {
    identity: bob.identity.publicKey,
    prekey: invite(bob).keys.publicKey,
    kemKey,
  });
  if (received.kind !== "kept") throw new Error("the renewal is kept");
  const rich: Peer = {
    ...opened(breakSession(add(add(received.peer, 3, "initiator"), 4, "responder"), idOf(3), AT).peer, 4),
    offered: [{ inviteId: "ab".repeat(32), sessionId: idOf(4) }],
  };
  const peers = [openPeer(KEY), opened(add(openPeer(KEY), 1, "initiator"), 1), rich];

  test.each(peers.map((peer, index) => ({ peer, index })))(
    "gives it back, cut anywhere it is none: $index",
    ({ peer }) => {
      const snapshot = encodePeer(peer);
      expect(decodePeer(snapshot.slice())).toEqual(peer);
      const refused = expect.objectContaining({ code: "INVALID_STATE" });
      for (let length = 0; length < snapshot.length; length += 1) {
        expect(() => decodePeer(snapshot.slice(0, length))).toThrow(refused);
      }
      expect(() => decodePeer(Uint8Array.of(...snapshot, 0))).toThrow(refused);
      expect(() => decodePeer(Uint8Array.of(2, ...snapshot.slice(1)))).toThrow(refused);
    },
  );

  test("that is damaged is read as another or refused, nothing else", () => {
    const snapshots = peers.map(encodePeer);
    const property = fc.property(
      fc.constantFrom(...snapshots),
      fc.nat(),
      fc.nat({ max: 255 }),
      (snapshot, at, value) => {
        const damaged = snapshot.slice();
        damaged[at % damaged.length] = value;
        try {
          expect(encodePeer(decodePeer(damaged))).toEqual(damaged);
        } catch (error) {
          expect(error).toMatchObject({ name: "RatchetError", code: "INVALID_STATE" });
        }
      },
    );
    fc.assert(property, { numRuns: 300 });
  });

  test("names no secret of the session", () => {
    const alice = person(createRandom(114));
    const started = start(alice, linkOf(bob, invite(bob)));
    const sent = encrypt(started.session.ratchet, Uint8Array.of(1), { random: alice.random });
    const about = addSession(openPeer(bob.identity.publicKey), started.session, AT).peer;
    const text = Buffer.from(encodePeer(about)).toString("hex");
    for (const secret of [started.keys, sent.state.rootKey, sent.state.keyPair.secretKey, alice.identity.secretKey]) {
      expect(text).not.toContain(Buffer.from(secret).toString("hex"));
    }
  });
});
