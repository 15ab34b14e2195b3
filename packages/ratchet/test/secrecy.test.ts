/**
 * What a thief can do with a stolen state, played with the real functions: the thief sees all messages and owns a copy
 * of one state. A state only opens the peer's messages, so for the owner's the thief turns it round.
 */
import { describe, expect, test } from "@jest/globals";
import { decodeState, decrypt, encodeState, type RatchetMessage, type RatchetState } from "../src/index.ts";
import { meet, NOW_MS, type Party, type Peers, receive, send } from "./peers.ts";
import { createRandom } from "./random.ts";

function steal(state: RatchetState): RatchetState {
  return decodeState(encodeState(state));
}

/** Reads what the victim sends: its sending chain is the thief's receiving chain. */
function turnRound(stolen: RatchetState): RatchetState {
  return {
    ...stolen,
    remoteKey: stolen.keyPair.publicKey,
    receivingChain: stolen.sendingChain,
    receivedCount: stolen.sentCount,
  };
}

function reads(thief: RatchetState, message: RatchetMessage): boolean {
  return [thief, turnRound(thief)].some((state) => decrypt(state, message, { nowMs: NOW_MS }).kind === "opened");
}

/** Delivers and returns the message, so that the thief sees it too. */
function exchange(peers: Peers, from: Party, text: string, random: ReturnType<typeof createRandom>): RatchetMessage {
  const message = send(peers, from, text, random);
  expect(receive(peers, from === "alice" ? "bob" : "alice", message)).toBe(text);
  return message;
}

describe.each(["alice", "bob"] as const)("with the state of %s", (victim) => {
  const peer = victim === "alice" ? "bob" : "alice";

  test("no earlier message of either side can be read", () => {
    const random = createRandom(20);
    const peers = meet(random);
    const earlier = ["alice", "alice", "bob", "alice", "bob", "bob", "alice"].map((from, index) =>
      exchange(peers, from as Party, `message ${index}`, random),
    );
    const thief = steal(peers[victim]);
    expect(earlier.map((message) => reads(thief, message))).toEqual(earlier.map(() => false));
  });

  test("what is still under way can be read, and nothing after one full round trip", () => {
    const random = createRandom(21);
    const peers = meet(random);
    for (const from of ["alice", "bob", "alice", "bob", victim] as const) exchange(peers, from, "before", random);

    const thief = steal(peers[victim]);
    expect(reads(thief, exchange(peers, victim, "same chain", random))).toBe(true);
    // The peer's answer agrees with the key that was stolen; the victim's next message brings a key that was not.
    expect(reads(thief, exchange(peers, peer, "answers the stolen key", random))).toBe(true);
    const healed = [victim, peer, victim, victim, peer] as const;
    const later = healed.map((from, index) => exchange(peers, from, `healed ${index}`, random));
    expect(later.map((message) => reads(thief, message))).toEqual(later.map(() => false));
  });

  test("a thief who follows every message it can read, of both sides, is shut out as well", () => {
    const random = createRandom(22);
    const peers = meet(random);
    for (const from of ["alice", "bob", "alice", "bob", victim] as const) exchange(peers, from, "before", random);

    // Every state that the thief ever reached, as the victim's and turned round: nothing stolen is given up.
    const stolen = steal(peers[victim]);
    const thief = [stolen, turnRound(stolen)];
    const opened = ([victim, peer, peer, victim, peer, victim, peer, peer, victim] as const).map((from, index) => {
      const message = exchange(peers, from, `message ${index}`, random);
      const results = thief.map((state) => decrypt(state, message, { nowMs: NOW_MS }));
      const reached = results.flatMap((result) => (result.kind === "opened" ? [result.state] : []));
      thief.push(...reached, ...reached.map(turnRound));
      return reached.length > 0;
    });
    // The victim's old chain, the answer to its stolen key, and nothing from its next key on.
    expect(opened).toEqual([true, true, true, false, false, false, false, false, false]);
  });
});

test("a skipped key gives away its own message and no other", () => {
  const random = createRandom(23);
  const peers = meet(random);
  const messages = ["read", "missing", "also read"].map((text) => send(peers, "alice", text, random));
  const [first, missing, third] = messages;
  if (!first || !missing || !third) throw new Error("three messages");
  receive(peers, "bob", first);
  receive(peers, "bob", third);
  expect(messages.map((message) => reads(steal(peers.bob), message))).toEqual([false, true, false]);
  receive(peers, "bob", missing);
  expect(reads(steal(peers.bob), missing)).toBe(false);
});
