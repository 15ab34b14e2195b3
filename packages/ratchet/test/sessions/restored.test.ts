import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  addSession,
  breakAllSessions,
  breakSession,
  decodeState,
  decrypt,
  encodeState,
  encrypt,
  generateKeyPair,
  judgeGeneration,
  noteOpened,
  noteUnopened,
  openPeer,
  type Peer,
  type RatchetMessage,
  type RatchetState,
  sessionForSending,
  sessionsForReceiving,
  tendSessions,
} from "../../src/index.ts";
import { meet, NOW_MS, receive, send } from "../peers.ts";
import { createRandom } from "../random.ts";
import { DAY_MS } from "./people.ts";

const AT = { nowMs: NOW_MS };
const ID = "ab".repeat(18);

/** What Bob knows of Alice, with one session. */
function aboutAlice(peerKey: Uint8Array): Peer {
  return addSession(openPeer(peerKey), { id: ID, base: new Uint8Array(18), role: "responder" }, AT).peer;
}

/** Bob's side of one message: the state, and what his rules say of it. */
function take(peer: Peer, state: RatchetState, message: RatchetMessage): { peer: Peer; state: RatchetState } {
  const result = decrypt(state, message, AT);
  if (result.kind === "rejected") return { peer: noteUnopened(peer, ID, message, AT).peer, state };
  return { peer: noteOpened(peer, ID, message, AT).peer, state: result.state };
}

describe("a restored state", () => {
  test("would use a message key twice, which is why it must not send", () => {
    const random = createRandom(120);
    const peers = meet(random);
    const backup = encodeState(peers.alice);
    const first = send(peers, "alice", "before", random);
    const second = encrypt(decodeState(backup), new TextEncoder().encode("after"), { random }).message;
    expect([first.dh, first.messageNumber]).toEqual([second.dh, second.messageNumber]);
    expect(receive(peers, "bob", first)).toBe("before");
    expect(receive(peers, "bob", second)).toBeUndefined(); // and what it sends is lost
  });

  test("never sends and never receives: no session is left to do either, for as long as there is none newer", () => {
    const { alice } = meet(createRandom(121));
    const peer = breakAllSessions(aboutAlice(alice.keyPair.publicKey), AT).peer;
    for (const nowMs of [NOW_MS, NOW_MS + 1_000 * DAY_MS]) {
      expect([sessionForSending(peer), sessionsForReceiving(peer, { nowMs })]).toEqual([undefined, []]);
    }
    // It stays known as the reason to renew.
    const later = tendSessions(peer, { nowMs: NOW_MS + 1_000 * DAY_MS });
    expect(later.peer.sessions.map(({ status }) => status)).toEqual(["broken"]);
  });
});

describe("the generation", () => {
  test.each([
    ["of a new database is the first", undefined, undefined, "first", 1],
    ["of a new database goes on where the one before it was", undefined, 7, "first", 8],
    ["is current when both agree", 7, 7, "current", 8],
    ["is current when a crash came between inside and outside", 8, 7, "current", 9],
    ["is that of a backup when the one outside is ahead", 6, 7, "restored", 8],
    ["is that of a backup when the one outside is lost", 7, undefined, "restored", 8],
  ] as const)("%s", (_name, inside, outside, kind, next) => {
    expect(judgeGeneration(inside, outside)).toEqual({ kind, next });
  });

  test("shows every restore of something older, with a crash at any moment, and no restore where there was none", () => {
    const event = fc.constantFrom("start", "crash-between", "backup", "restore");
    const property = fc.property(fc.array(event, { maxLength: 30 }), (events) => {
      let inside: number | undefined;
      let outside: number | undefined;
      let backup: { inside: number; isOlder: boolean } | undefined;
      let mustSay: "restored" | undefined;
      for (const what of events) {
        if (what === "restore") {
          if (!backup) continue;
          inside = backup.inside;
          mustSay = backup.isOlder ? "restored" : mustSay;
          continue;
        }
        const { kind, next } = judgeGeneration(inside, outside);
        // Nothing outside yet: a crash at the very first start looks like a restore, and has no session to break.
        if (inside !== undefined) expect(kind).toBe(outside === undefined ? "restored" : (mustSay ?? "current"));
        if (what === "backup" && inside !== undefined) backup = { inside, isOlder: false };
        inside = next;
        mustSay = undefined; // what a restore broke is durable with this
        if (what === "crash-between") continue; // nothing was sent or received with this generation
        outside = next;
        if (backup) backup = { ...backup, isOlder: true };
      }
    });
    fc.assert(property, { numRuns: 300 });
  });

  test.each([-1, 0.5, Number.NaN, Number.MAX_SAFE_INTEGER])("is never %p", (value) => {
    const refused = expect.objectContaining({ code: "INVALID_OPTION" });
    expect(() => judgeGeneration(value, 1)).toThrow(refused);
    expect(() => judgeGeneration(1, value)).toThrow(refused);
  });
});

describe("when nothing outside tells", () => {
  /** Bob is restored to before the last round trip, so that Alice's messages are under keys he cannot reach. */
  function restored() {
    const random = createRandom(122);
    const peers = meet(random);
    let peer = aboutAlice(peers.alice.keyPair.publicKey);
    const history: RatchetMessage[] = [];
    const talk = (count: number) => {
      for (let turn = 0; turn < count; turn += 1) {
        const message = send(peers, "alice", "to Bob", random);
        const taken = take(peer, peers.bob, message);
        peer = taken.peer;
        peers.bob = taken.state;
        history.push(message);
        receive(peers, "alice", send(peers, "bob", "to Alice", random));
      }
    };
    talk(2);
    const backup = { state: decodeState(encodeState(peers.bob)), peer };
    talk(2);
    return { random, peers, backup, history };
  }

  test("the peer's messages show that the state is behind: three that cannot be opened break the session", () => {
    const { random, peers, backup } = restored();
    let { peer, state } = backup;
    const statuses = [0, 1, 2].map(() => {
      ({ peer, state } = take(peer, state, send(peers, "alice", "to Bob", random)));
      return peer.sessions[0]?.status;
    });
    expect(statuses).toEqual(["live", "live", "broken"]);
    expect([sessionForSending(peer), sessionsForReceiving(peer, AT)]).toEqual([undefined, []]);
  });

  test("the same message again and again is one, and the peer's acknowledgement of the unknown breaks it at once", () => {
    const { random, peers, backup } = restored();
    let { peer, state } = backup;
    const message = send(peers, "alice", "to Bob", random);
    for (let copy = 0; copy < 10; copy += 1) ({ peer, state } = take(peer, state, message));
    expect(peer.sessions[0]?.status).toBe("live");
    expect(breakSession(peer, ID, AT).peer.sessions[0]?.status).toBe("broken");
  });

  test("whoever sends old envelopes again breaks nothing", () => {
    const { random, peers, history } = restored();
    let peer = aboutAlice(peers.alice.keyPair.publicKey);
    let state = peers.bob;
    for (const old of history) peer = noteOpened(peer, ID, old, AT).peer;
    for (let round = 0; round < 5; round += 1) {
      for (const old of history) ({ peer, state } = take(peer, state, old));
    }
    expect(peer.sessions[0]?.status).toBe("live");
    const next = take(peer, state, send(peers, "alice", "to Bob", random));
    expect(next.state).not.toBe(state);
  });

  test("messages that open again start the count anew, and headers that are none do not count", () => {
    const { random, peers } = restored();
    let peer = aboutAlice(peers.alice.keyPair.publicKey);
    const unknown = (messageNumber: number) => {
      const dh = generateKeyPair(random).publicKey;
      return { dh, messageNumber, previousChainLength: 0, ciphertext: new Uint8Array(28) };
    };
    for (let round = 0; round < 5; round += 1) {
      for (const number of [0, 1]) peer = noteUnopened(peer, ID, unknown(number), AT).peer;
      peer = noteOpened(peer, ID, unknown(2), AT).peer;
    }
    for (const length of [0, 3, 31, 33]) {
      for (const number of [0, 1, 2]) {
        peer = noteUnopened(peer, ID, { ...unknown(number), dh: new Uint8Array(length) }, AT).peer;
      }
    }
    expect(peer.sessions[0]?.status).toBe("live");
  });

  test("what is kept of the peer's keys stays bounded", () => {
    const random = createRandom(123);
    const peers = meet(random);
    let peer = aboutAlice(peers.alice.keyPair.publicKey);
    for (let turn = 0; turn < 70; turn += 1) {
      const taken = take(peer, peers.bob, send(peers, "alice", "to Bob", random));
      peer = taken.peer;
      peers.bob = taken.state;
      receive(peers, "alice", send(peers, "bob", "to Alice", random));
    }
    expect(peer.sessions[0]?.progress.seenKeys.length).toBe(64);
    expect(peer.sessions[0]?.status).toBe("live");
  });
});
