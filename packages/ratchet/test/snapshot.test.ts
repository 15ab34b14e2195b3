import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { decodeState, encodeState, LIBCHAT, RatchetError, startAsInitiator } from "../src/index.ts";
import { meet, receive, send } from "./peers.ts";
import { createRandom } from "./random.ts";

/** States of every shape: responder before and after its first message, with and without chains and skipped keys. */
function states() {
  const random = createRandom(30);
  const peers = meet(random);
  const shapes = [peers.alice, peers.bob];
  send(peers, "alice", "lost", random);
  receive(peers, "bob", send(peers, "alice", "hello", random));
  shapes.push(peers.bob);
  receive(peers, "alice", send(peers, "bob", "hello", random));
  shapes.push(peers.alice, peers.bob);
  const start = { sharedSecret: random(32), remoteKey: peers.bob.keyPair.publicKey, associatedData: new Uint8Array(0) };
  return [...shapes, startAsInitiator({ ...start, suite: LIBCHAT, random })];
}

describe.each(states().map((state, index) => ({ index, state })))("state $index", ({ state }) => {
  test("survives a snapshot, and shares no bytes with it", () => {
    const snapshot = encodeState(state);
    const copy = snapshot.slice();
    const restored = decodeState(snapshot);
    snapshot.fill(0xff);
    expect(restored).toEqual(state);
    expect(encodeState(restored)).toEqual(copy);
  });

  test("cut short anywhere, or longer, is not a snapshot", () => {
    const snapshot = encodeState(state);
    for (let length = 0; length < snapshot.length; length += 1) {
      expect(() => decodeState(snapshot.slice(0, length))).toThrow(expect.objectContaining({ code: "INVALID_STATE" }));
    }
    expect(() => decodeState(Uint8Array.of(...snapshot, 0))).toThrow(
      expect.objectContaining({ code: "INVALID_STATE" }),
    );
  });
});

test.each([
  ["another version", 0, 2],
  ["an unknown suite", 1, 3],
  ["an unknown flag", 2, 0x0f],
  ["a chain without a remote key", 2, 2],
])("%s is refused", (_case, index, value) => {
  const snapshot = encodeState(meet(createRandom(31)).alice);
  snapshot[index] = value;
  expect(() => decodeState(snapshot)).toThrow(expect.objectContaining({ code: "INVALID_STATE" }));
});

test("random bytes are refused with the package's own error", () => {
  const property = fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
    expect(() => decodeState(bytes)).toThrow(RatchetError);
  });
  fc.assert(property);
});

test("damaged snapshots are read as some state or refused, nothing else", () => {
  const snapshots = states().map(encodeState);
  const property = fc.property(fc.constantFrom(...snapshots), fc.nat(), fc.nat({ max: 255 }), (snapshot, at, value) => {
    const damaged = snapshot.slice();
    damaged[at % damaged.length] = value;
    try {
      expect(encodeState(decodeState(damaged))).toEqual(damaged);
    } catch (error) {
      expect(error).toMatchObject({ name: "RatchetError", code: "INVALID_STATE" });
    }
  });
  fc.assert(property, { numRuns: 500 });
});
