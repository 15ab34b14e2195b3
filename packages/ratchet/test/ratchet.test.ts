import { describe, expect, test } from "@jest/globals";
import { decrypt, encrypt, isValidPublicKey, type RatchetMessage } from "../src/index.ts";
import { nextChain } from "../src/suite.ts";
import { fingerprint, meet, NOW_MS, receive, send } from "./peers.ts";
import { createRandom } from "./random.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

describe("a conversation", () => {
  test("goes both ways", () => {
    const random = createRandom(1);
    const peers = meet(random);
    expect(receive(peers, "bob", send(peers, "alice", "hello", random))).toBe("hello");
    expect(receive(peers, "alice", send(peers, "bob", "hello yourself", random))).toBe("hello yourself");
    expect(receive(peers, "bob", send(peers, "alice", "", random))).toBe("");
  });

  test("two encryptions of one plaintext have nothing in common but the chain", () => {
    const random = createRandom(2);
    const peers = meet(random);
    const [first, second] = [send(peers, "alice", "same", random), send(peers, "alice", "same", random)];
    expect(first.dh).toEqual(second.dh);
    expect([first.messageNumber, second.messageNumber]).toEqual([0, 1]);
    expect(first.ciphertext).not.toEqual(second.ciphertext);
  });

  test("the responder's prekey leaves its state with its first own message", () => {
    const random = createRandom(3);
    const peers = meet(random);
    const prekey = peers.bob.keyPair;
    receive(peers, "bob", send(peers, "alice", "hello", random));
    expect(peers.bob.keyPair).toBe(prekey);
    const message = send(peers, "bob", "acknowledged", random);
    expect(peers.bob.keyPair.publicKey).not.toEqual(prekey.publicKey);
    expect(message.dh).toEqual(peers.bob.keyPair.publicKey);
  });

  test("a message opens once", () => {
    const random = createRandom(4);
    const peers = meet(random);
    const message = send(peers, "alice", "once", random);
    expect(receive(peers, "bob", message)).toBe("once");
    const state = fingerprint(peers.bob);
    expect(receive(peers, "bob", message)).toBeUndefined();
    expect(fingerprint(peers.bob)).toBe(state);
  });

  test("a message of another session is rejected", () => {
    const random = createRandom(5);
    const [peers, strangers] = [meet(random), meet(random)];
    expect(receive(peers, "bob", send(strangers, "alice", "wrong door", random))).toBeUndefined();
  });

  test("a peer's own message, sent back, is rejected", () => {
    const random = createRandom(6);
    const peers = meet(random);
    receive(peers, "bob", send(peers, "alice", "hello", random));
    const message = send(peers, "bob", "mirror", random);
    expect(receive(peers, "bob", message)).toBeUndefined();
  });

  test("the associated data of the session is authenticated", () => {
    const random = createRandom(7);
    const peers = meet(random);
    const message = send(peers, "alice", "bound", random);
    const other = { ...peers.bob, associatedData: peers.bob.associatedData.slice().fill(7, 63) };
    expect(decrypt(other, message, { nowMs: NOW_MS })).toEqual({ kind: "rejected" });
  });
});

describe("sending", () => {
  test("needs a first message, for the responder", () => {
    const random = createRandom(8);
    const { bob } = meet(random);
    expect(() => encrypt(bob, new Uint8Array(1), { random })).toThrow(
      expect.objectContaining({ name: "RatchetError", code: "CANNOT_SEND" }),
    );
  });

  test("ends with the last number of a chain", () => {
    const random = createRandom(9);
    const { alice } = meet(random);
    const last = encrypt({ ...alice, sentCount: 0xfffffffe }, new Uint8Array(1), { random });
    expect(last.message.messageNumber).toBe(0xfffffffe);
    expect(() => encrypt(last.state, new Uint8Array(1), { random })).toThrow(
      expect.objectContaining({ code: "CHAIN_EXHAUSTED" }),
    );
  });
});

describe("limits", () => {
  test("by default a chain advances 65,536 messages and keeps the newest 1,000 keys", () => {
    const random = createRandom(10);
    const peers = meet(random);
    const early = send(peers, "alice", "number 0", random);
    const { crypto } = peers;
    let chain = peers.alice.sendingChain ?? new Uint8Array(0);
    const chains = new Map<number, Uint8Array>();
    for (let number = 1; number < 65_537; number += 1) {
      if (number >= 64_535) chains.set(number, chain);
      chain = nextChain(crypto, chain);
    }
    chains.set(65_537, chain);
    const at = (number: number): RatchetMessage => {
      const state = { ...peers.alice, sentCount: number, sendingChain: chains.get(number) };
      return encrypt(state, new TextEncoder().encode(`number ${number}`), { random }).message;
    };
    expect(receive(peers, "bob", at(65_537))).toBeUndefined();
    expect(receive(peers, "bob", at(65_536))).toBe("number 65536");
    expect(peers.bob.skippedKeys).toHaveLength(1_000);
    expect(receive(peers, "bob", at(65_535))).toBe("number 65535");
    expect(receive(peers, "bob", at(64_536))).toBe("number 64536");
    expect(receive(peers, "bob", at(64_535))).toBeUndefined();
    expect(receive(peers, "bob", early)).toBeUndefined();
  });

  test("a chain that has begun, and the end of the chain before it, may each miss as many messages as the bound says", () => {
    const random = createRandom(17);
    const options = { nowMs: NOW_MS, limits: { maxChainAdvance: 3 } };
    const peers = meet(random);
    receive(peers, "bob", send(peers, "alice", "hello", random));
    const [, , , fourth, fifth] = [1, 2, 3, 4, 5].map((number) => send(peers, "alice", `number ${number}`, random));
    if (!fourth || !fifth) throw new Error("five messages");
    receive(peers, "alice", send(peers, "bob", "turn", random));
    const sixth = send(peers, "alice", "number 6", random);
    expect(receive(peers, "bob", fifth, options)).toBeUndefined(); // four are missing before it
    expect(receive(peers, "bob", sixth, options)).toBeUndefined(); // five, at the end of the old chain
    expect(receive(peers, "bob", fourth, options)).toBe("number 4"); // three
    expect(receive(peers, "bob", sixth, options)).toBe("number 6");
    expect(receive(peers, "bob", fifth, options)).toBe("number 5");
  });

  test("the newest skipped keys stay, over all chains", () => {
    const random = createRandom(11);
    const peers = meet(random);
    const options = { nowMs: NOW_MS, limits: { maxSkippedKeys: 2 } };
    const first = [0, 1, 2, 3].map((number) => send(peers, "alice", `first ${number}`, random));
    const [a, b, c, d] = first;
    if (!a || !b || !c || !d) throw new Error("four messages");
    expect(receive(peers, "bob", d, options)).toBe("first 3");
    receive(peers, "alice", send(peers, "bob", "turn", random));
    const [, second] = [send(peers, "alice", "second 0", random), send(peers, "alice", "second 1", random)];
    expect(receive(peers, "bob", second, options)).toBe("second 1");
    expect(receive(peers, "bob", a, options)).toBeUndefined();
    expect(receive(peers, "bob", b, options)).toBeUndefined();
    expect(receive(peers, "bob", c, options)).toBe("first 2");
  });

  test("messages that were missing at the end of the old chain still open", () => {
    const random = createRandom(12);
    const peers = meet(random);
    const [a, b, c] = ["a", "b", "c"].map((text) => send(peers, "alice", text, random));
    if (!a || !b || !c) throw new Error("three messages");
    expect(receive(peers, "bob", a)).toBe("a");
    receive(peers, "alice", send(peers, "bob", "turn", random));
    expect(receive(peers, "bob", send(peers, "alice", "new chain", random))).toBe("new chain");
    expect(receive(peers, "bob", c)).toBe("c");
    expect(receive(peers, "bob", b)).toBe("b");
    expect(peers.bob.skippedKeys).toEqual([]);
  });

  test("a skipped key lives for 30 days, and its end is noticed by the next message", () => {
    const random = createRandom(13);
    const peers = meet(random);
    const [missing, late] = [send(peers, "alice", "missing", random), send(peers, "alice", "late", random)];
    receive(peers, "bob", send(peers, "alice", "third", random));
    expect(peers.bob.skippedKeys).toHaveLength(2);
    expect(receive(peers, "bob", late, { nowMs: NOW_MS + 30 * DAY_MS })).toBe("late");
    expect(receive(peers, "bob", missing, { nowMs: NOW_MS + 30 * DAY_MS + 1 })).toBeUndefined();
    receive(peers, "bob", send(peers, "alice", "fourth", random), { nowMs: NOW_MS + 31 * DAY_MS });
    expect(peers.bob.skippedKeys).toEqual([]);
  });

  test("a clock that was set back keeps skipped keys", () => {
    const random = createRandom(14);
    const peers = meet(random);
    const missing = send(peers, "alice", "missing", random);
    receive(peers, "bob", send(peers, "alice", "second", random));
    expect(receive(peers, "bob", missing, { nowMs: NOW_MS - DAY_MS })).toBe("missing");
  });

  test.each([
    ["maxChainAdvance", { maxChainAdvance: -1 }],
    ["maxSkippedKeys", { maxSkippedKeys: 1.5 }],
    ["skippedKeyLifetimeMs", { skippedKeyLifetimeMs: Number.NaN }],
  ])("%s out of range names the option", (name, limits) => {
    const random = createRandom(15);
    const peers = meet(random);
    const message = send(peers, "alice", "hello", random);
    expect(() => decrypt(peers.bob, message, { nowMs: NOW_MS, limits })).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION", message: expect.stringContaining(name) }),
    );
    expect(() => decrypt(peers.bob, message, { nowMs: -1 })).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION", message: expect.stringContaining("nowMs") }),
    );
  });
});

describe("headers that cannot be right are rejected", () => {
  const random = createRandom(16);
  const peers = meet(random);
  receive(peers, "bob", send(peers, "alice", "hello", random));
  receive(peers, "alice", send(peers, "bob", "turn", random));
  const next = send(peers, "alice", "next", random);
  const second = send(peers, "alice", "second", random);
  const before = fingerprint(peers.bob);

  test.each<[string, Partial<RatchetMessage>]>([
    ["a key of 31 bytes", { dh: next.dh.slice(1) }],
    ["a key of 33 bytes", { dh: Uint8Array.of(...next.dh, 0) }],
    ["a key with bit 255", { dh: next.dh.map((byte, index) => (index === 31 ? byte | 0x80 : byte)) }],
    ["a key of low order", { dh: new Uint8Array(32) }],
    ["a key above p", { dh: new Uint8Array(32).fill(0xff).fill(0x7f, 31) }],
    ["a negative number", { messageNumber: -1 }],
    ["a fraction", { messageNumber: 0.5 }],
    ["a number of more than 4 bytes", { messageNumber: 2 ** 32 }],
    ["a number beyond the bound", { messageNumber: 65_537 }],
    ["the number that no chain can have", { messageNumber: 0xffffffff }],
    ["an old chain shorter than what came from it", { previousChainLength: 0 }],
    ["an old chain beyond the bound", { previousChainLength: 65_538 }],
    ["an old chain of not a number", { previousChainLength: Number.NaN }],
    ["no ciphertext", { ciphertext: new Uint8Array(0) }],
    ["a ciphertext without a whole tag", { ciphertext: next.ciphertext.slice(0, 27) }],
  ])("%s", (_case, change) => {
    expect(decrypt(peers.bob, { ...next, ...change }, { nowMs: NOW_MS })).toEqual({ kind: "rejected" });
    expect(fingerprint(peers.bob)).toBe(before);
  });

  test("a message under the responder's first key, before it answered", () => {
    const early = meet(random);
    const forged = { ...next, dh: early.alice.remoteKey ?? new Uint8Array(0) };
    expect(isValidPublicKey(forged.dh)).toBe(true);
    expect(decrypt(early.alice, forged, { nowMs: NOW_MS })).toEqual({ kind: "rejected" });
  });

  test("and the genuine messages open after all of that", () => {
    expect(receive(peers, "bob", second)).toBe("second");
    expect(receive(peers, "bob", next)).toBe("next");
  });
});
