import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  abandonFirstMessage,
  acceptFirstMessage,
  createCrypto,
  decodeOwnInvite,
  decrypt,
  encodeOwnInvite,
  encodeState,
  encrypt,
  type FirstMessage,
  generateKemKeyPair,
  generateKeyPair,
  noteHandshake,
  openFirstMessage,
  startSession,
} from "../../src/index.ts";
import { createRandom } from "../random.ts";
import { fromHex, toHex } from "../vectors.ts";
import { accept, accepted, DAY_MS, firstMessage, invite, linkOf, NOW_MS, open, person, start } from "./people.ts";

/** Bob's invite, and Alice's first message to it. */
function meet(seed: number, options: Parameters<typeof invite>[1] = {}) {
  const random = createRandom(seed);
  const [alice, bob, mallory] = [person(random), person(random), person(random)];
  const own = invite(bob, options);
  const started = start(alice, linkOf(bob, own));
  return { random, alice, bob, mallory, own, started, ...firstMessage(alice, started) };
}

/** A provider that cannot be used: whoever computes nothing with it does not notice. */
const UNUSABLE = new Proxy(createCrypto(), {
  get: (_provider, name) => {
    throw new Error(`${String(name)} is used`);
  },
});

/** All that is stored of a person's invites, in hex. */
function stored({ invites }: { invites: ReturnType<typeof person>["invites"] }): string {
  return [...invites.values()].map((own) => toHex(encodeOwnInvite(own))).join();
}

describe.each([
  ["a classical", false],
  ["a hybrid", true],
])("%s invite", (_kind, hybrid) => {
  test("makes a session that carries messages both ways, and the same keys on both sides", () => {
    const { random, bob, own, first, started, ratchet } = meet(60, { hybrid });
    const { session, keys, acknowledgement } = accepted(accept(bob, own, first));
    expect([toHex(keys), toHex(session.base)]).toEqual([toHex(started.keys), toHex(started.session.base)]);
    expect([session.role, started.session.role]).toEqual(["responder", "initiator"]);
    const answer = decrypt(ratchet, acknowledgement, { nowMs: NOW_MS });
    if (answer.kind !== "opened") throw new Error("the acknowledgement opens");
    expect(new TextDecoder().decode(answer.plaintext)).toBe("ack");
    const next = encrypt(answer.state, Uint8Array.of(9), { random });
    expect(decrypt(session.ratchet, next.message, { nowMs: NOW_MS })).toMatchObject({ plaintext: Uint8Array.of(9) });
  });

  test("makes none before its ratchet message has opened", () => {
    const { random, bob, own, first } = meet(61, { hybrid });
    const before = stored(bob);
    const { ciphertext } = first.message;
    const flip = fc.property(fc.nat({ max: ciphertext.length * 8 - 1 }), (bit) => {
      const forged = ciphertext.slice();
      forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const message = { ...first.message, ciphertext: forged };
      expect(accept(bob, own, { ...first, message })).toEqual({ kind: "discarded", reason: "undecryptable" });
    });
    fc.assert(flip, { numRuns: 20 });
    for (const stranger of [
      { initiator: generateKeyPair(random).publicKey },
      { ephemeral: generateKeyPair(random).publicKey },
    ]) {
      expect(accept(bob, own, { ...first, ...stranger })).toEqual({ kind: "discarded", reason: "undecryptable" });
    }
    expect(stored(bob)).toBe(before);
    expect(accept(bob, own, first).kind).toBe("accepted");
  });

  test("reads without changing anything, and only then makes the session", () => {
    const { bob, own, first } = meet(62, { hybrid });
    const before = stored(bob);
    const opened = open(bob, own, first);
    if (opened.kind !== "opened") throw new Error("it opens");
    expect(stored(bob)).toBe(before);
    abandonFirstMessage(opened.pending);
    expect([opened.pending.secret, opened.pending.ratchet.rootKey]).toEqual([new Uint8Array(32), new Uint8Array(32)]);
    expect(accept(bob, own, first).kind).toBe("accepted");
  });
});

describe("SPK_r", () => {
  test("is replaced at once: the state that is kept does not have it, nor the first message's key", () => {
    const { random, bob, own, first, ratchet } = meet(63);
    const secret = toHex(own.keys.secretKey);
    const { session } = accepted(accept(bob, own, first));
    expect(toHex(encodeState(session.ratchet))).not.toContain(secret);
    const second = encrypt(ratchet, Uint8Array.of(1), { random });
    expect(decrypt(session.ratchet, first.message, { nowMs: NOW_MS }).kind).toBe("rejected");
    expect(decrypt(session.ratchet, second.message, { nowMs: NOW_MS }).kind).toBe("opened");
  });

  test("in the hands of a thief opens nothing after the initiator's next key", () => {
    const { random, bob, own, first, ratchet } = meet(64);
    const opened = open(bob, own, first);
    if (opened.kind !== "opened") throw new Error("it opens");
    const thief = opened.pending.ratchet; // as it would have been without the acknowledgement
    const { acknowledgement, session } = accepted(
      acceptFirstMessage(bob.invites, opened.pending, {
        acknowledgement: Uint8Array.of(1),
        deriveKeys: () => undefined,
        nowMs: NOW_MS,
        random,
      }),
    );
    const answer = decrypt(ratchet, acknowledgement, { nowMs: NOW_MS });
    if (answer.kind !== "opened") throw new Error("the acknowledgement opens");
    const { message } = encrypt(answer.state, Uint8Array.of(2), { random });
    expect(decrypt(thief, message, { nowMs: NOW_MS }).kind).toBe("rejected");
    expect(decrypt(session.ratchet, message, { nowMs: NOW_MS }).kind).toBe("opened");
  });
});

test("the initiator leaves no secret of the handshake behind", () => {
  const random = createRandom(65);
  const [alice, bob] = [person(random), person(random)];
  const drawn: Uint8Array[] = [];
  let given: Uint8Array | undefined;
  const started = startSession(linkOf(bob, invite(bob, { hybrid: true })), {
    identity: alice.identity,
    random: (length) => {
      const bytes = random(length);
      drawn.push(bytes.slice());
      return bytes;
    },
    deriveKeys: (secret) => {
      given = secret;
      return secret.some((byte) => byte !== 0);
    },
  });
  expect([started.keys, given]).toEqual([true, new Uint8Array(32)]);
  // Drawn were EK_i, the KEM's message, and the ratchet key, which stays.
  const left =
    toHex(encodeState(started.session.ratchet)) + JSON.stringify(Object.values(started.handshake).map(toHex));
  expect(drawn.map((bytes) => left.includes(toHex(bytes)))).toEqual([false, false, true]);
});

describe("a replayed handshake", () => {
  test("never makes a session again, however often and in whatever message it comes", () => {
    const { alice, bob, own, first, started, ratchet } = meet(66, { use: "multi" });
    const { handshakeId } = accepted(accept(bob, own, first));
    const later = firstMessage(alice, { ...started, session: { ...started.session, ratchet } }, "second").first;
    for (const replay of [first, first, later]) expect(open(bob, own, replay)).toEqual({ kind: "known", handshakeId });
  });

  test("is known after its conversation was deleted, after a restart, and until the key is wiped", () => {
    const { bob, own, first } = meet(67, { use: "multi" });
    const { handshakeId } = accepted(accept(bob, own, first));
    bob.invites = noteHandshake(bob.invites, { inviteId: own.id, handshakeId }, "deleted", { nowMs: NOW_MS }).invites;
    bob.invites = new Map([...bob.invites].map(([id, kept]) => [id, decodeOwnInvite(encodeOwnInvite(kept))]));
    expect(open(bob, own, first, NOW_MS + 29 * DAY_MS)).toEqual({ kind: "known", handshakeId });
  });

  test("that overtakes itself makes one session: two copies opened before one is accepted", () => {
    const { random, bob, own, first } = meet(68);
    const copies = [open(bob, own, first), open(bob, own, first)];
    const results = copies.map((opened) => {
      if (opened.kind !== "opened") throw new Error("both open");
      const options = { acknowledgement: Uint8Array.of(1), deriveKeys: () => undefined, nowMs: NOW_MS, random };
      const result = acceptFirstMessage(bob.invites, opened.pending, options);
      if (result.kind === "accepted") bob.invites = result.invites;
      return result;
    });
    expect(results).toEqual([expect.objectContaining({ kind: "accepted" }), { kind: "discarded", reason: "replayed" }]);
  });
});

describe("a second flight", () => {
  test("of somebody else to a used-up single-use invite is refused", () => {
    const { bob, mallory, own, first } = meet(69);
    accepted(accept(bob, own, first));
    const second = firstMessage(mallory, start(mallory, linkOf(bob, own))).first;
    expect(accept(bob, own, second)).toEqual({ kind: "discarded", reason: "invite-ended" });
  });

  test("that was opened before the invite was used up is refused as well", () => {
    const { random, bob, mallory, own, first } = meet(70);
    const late = open(bob, own, firstMessage(mallory, start(mallory, linkOf(bob, own))).first);
    if (late.kind !== "opened") throw new Error("it opens");
    accepted(accept(bob, own, first));
    const options = { acknowledgement: Uint8Array.of(1), deriveKeys: () => undefined, nowMs: NOW_MS, random };
    expect(acceptFirstMessage(bob.invites, late.pending, options)).toEqual({
      kind: "discarded",
      reason: "invite-ended",
    });
  });

  test("of the same initiator with the same EK_i still reaches its session", () => {
    const { alice, bob, own, first, started, ratchet } = meet(71);
    const { session, handshakeId } = accepted(accept(bob, own, first));
    const second = firstMessage(alice, { ...started, session: { ...started.session, ratchet } }, "second").first;
    expect(open(bob, own, second)).toEqual({ kind: "known", handshakeId });
    expect(decrypt(session.ratchet, second.message, { nowMs: NOW_MS }).kind).toBe("opened");
  });
});

describe("unanswered sessions of a multi-use invite", () => {
  test("are at most 20, over which others are discarded before anything is computed", () => {
    const { random, bob, own } = meet(72, { use: "multi" });
    const strangers = Array.from({ length: 21 }, () => person(random));
    const another = person(random);
    const results = strangers.map((stranger) =>
      accept(bob, own, firstMessage(stranger, start(stranger, linkOf(bob, own))).first),
    );
    expect(results.slice(0, 20).map(({ kind }) => kind)).toEqual(Array(20).fill("accepted"));
    expect(results[20]).toEqual({ kind: "discarded", reason: "too-many-unanswered" });
    const { first: more } = firstMessage(another, start(another, linkOf(bob, own)));
    const options = { identity: bob.identity, nowMs: NOW_MS, crypto: UNUSABLE };
    expect(openFirstMessage(bob.invites, own.id, more, options).kind).toBe("discarded");
    const [first] = results;
    if (first?.kind !== "accepted") throw new Error("the first is accepted");

    const handshake = { inviteId: own.id, handshakeId: first.handshakeId };
    bob.invites = noteHandshake(bob.invites, handshake, "answered", { nowMs: NOW_MS }).invites;
    const last = person(random);
    expect(accept(bob, own, firstMessage(last, start(last, linkOf(bob, own))).first).kind).toBe("accepted");
  });

  test("count when the session is accepted, not when its message was opened", () => {
    const { random, bob, own } = meet(73, { use: "multi" });
    const limits = { maxUnanswered: 1 };
    const options = { acknowledgement: Uint8Array.of(1), deriveKeys: () => undefined, nowMs: NOW_MS, random, limits };
    const results = [person(random), person(random)]
      .map((stranger) => open(bob, own, firstMessage(stranger, start(stranger, linkOf(bob, own))).first))
      .map((opened) => {
        if (opened.kind !== "opened") throw new Error("it opens");
        const result = acceptFirstMessage(bob.invites, opened.pending, options);
        if (result.kind === "accepted") bob.invites = result.invites;
        return result.kind === "discarded" ? result.reason : result.kind;
      });
    expect(results).toEqual(["accepted", "too-many-unanswered"]);
  });

  test("and answered ones together use the invite up at a limit, so that it cannot grow for ever", () => {
    const { random, bob, own } = meet(74, { use: "multi" });
    const kinds = [0, 1, 2].map(() => {
      const stranger = person(random);
      const opened = open(bob, own, firstMessage(stranger, start(stranger, linkOf(bob, own))).first);
      if (opened.kind !== "opened") return opened.kind === "known" ? opened.kind : opened.reason;
      const options = { acknowledgement: Uint8Array.of(1), deriveKeys: () => undefined, nowMs: NOW_MS, random };
      const result = acceptFirstMessage(bob.invites, opened.pending, { ...options, limits: { maxHandshakes: 2 } });
      if (result.kind === "accepted") bob.invites = result.invites;
      return result.kind;
    });
    expect(kinds).toEqual(["accepted", "accepted", "invite-ended"]);
  });
});

const FORBIDDEN_KEYS = {
  "of no bytes": new Uint8Array(),
  "of 31 bytes": new Uint8Array(31).fill(9),
  "of 33 bytes": new Uint8Array(33).fill(9),
  zero: new Uint8Array(32),
  one: fromHex(`01${"00".repeat(31)}`),
  "of order 8": fromHex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
  "of order 8, the other": fromHex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
  "p - 1": fromHex(`ec${"ff".repeat(30)}7f`),
  p: fromHex(`ed${"ff".repeat(30)}7f`),
  "9 + p": fromHex(`f6${"ff".repeat(30)}7f`),
  "with bit 255 set": fromHex(`09${"00".repeat(30)}80`),
};

describe.each(Object.entries(FORBIDDEN_KEYS))("a key from the wire that is %s", (_name, key) => {
  test("is discarded as IK_i, as EK_i and as a ratchet key, and changes nothing", () => {
    const { bob, own, first } = meet(75);
    const before = stored(bob);
    expect(open(bob, own, { ...first, initiator: key })).toEqual({ kind: "discarded", reason: "invalid-key" });
    expect(open(bob, own, { ...first, ephemeral: key })).toEqual({ kind: "discarded", reason: "invalid-key" });
    const message = { ...first.message, dh: key };
    expect(open(bob, own, { ...first, message })).toEqual({ kind: "discarded", reason: "undecryptable" });
    expect(stored(bob)).toBe(before);
  });

  test("is refused in an invite", () => {
    const { alice, bob, own } = meet(76);
    const link = linkOf(bob, own);
    const refused = expect.objectContaining({ code: "INVALID_PUBLIC_KEY" });
    expect(() => start(alice, { ...link, identity: key })).toThrow(refused);
    expect(() => start(alice, { ...link, prekey: key })).toThrow(refused);
  });
});

describe("downgrade", () => {
  test("a hybrid invite takes no classical handshake, and a classical one no hybrid", () => {
    const { alice, bob, own } = meet(77, { hybrid: true });
    const { kemKey: _, ...stripped } = linkOf(bob, own);
    expect(open(bob, own, firstMessage(alice, start(alice, stripped)).first)).toEqual({
      kind: "discarded",
      reason: "kem-mismatch",
    });
    const classical = invite(bob);
    const link = { ...linkOf(bob, classical), kemKey: generateKemKeyPair(bob.random).publicKey };
    expect(open(bob, classical, firstMessage(alice, start(alice, link)).first)).toEqual({
      kind: "discarded",
      reason: "kem-mismatch",
    });
  });

  test.each([1, 1_087, 1_089])("a KEM ciphertext of %i bytes is discarded", (length) => {
    const { bob, own, first } = meet(78, { hybrid: true });
    const cut: FirstMessage = { ...first, kemCiphertext: new Uint8Array(length) };
    expect(open(bob, own, cut)).toEqual({ kind: "discarded", reason: "invalid-key" });
  });

  test("an altered KEM ciphertext, or one of another session, opens nothing", () => {
    const { alice, bob, own, first } = meet(79, { hybrid: true });
    const { kemCiphertext: other } = firstMessage(alice, start(alice, linkOf(bob, own))).first;
    const altered = first.kemCiphertext?.slice();
    if (!altered || !other) throw new Error("both are hybrid");
    altered[700] = (altered[700] ?? 0) ^ 1;
    for (const kemCiphertext of [altered, other]) {
      expect(open(bob, own, { ...first, kemCiphertext })).toEqual({ kind: "discarded", reason: "undecryptable" });
    }
  });
});

test("whatever arrives as a first message is an answer, never an exception, and changes nothing", () => {
  const { bob, own, first } = meet(81, { hybrid: true, use: "multi" });
  const before = stored(bob);
  const bytes = (right: Uint8Array) =>
    fc.oneof(fc.uint8Array({ maxLength: 1_200 }), fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.constant(right));
  const number = fc.oneof(fc.integer(), fc.double(), fc.constant(0));
  const hostile = fc.record({
    initiator: bytes(first.initiator),
    ephemeral: bytes(first.ephemeral),
    kemCiphertext: bytes(first.kemCiphertext ?? new Uint8Array()),
    message: fc.record({
      dh: bytes(first.message.dh),
      messageNumber: number,
      previousChainLength: number,
      ciphertext: fc.uint8Array({ maxLength: 64 }),
    }),
  });
  fc.assert(
    fc.property(hostile, (message) => {
      expect(open(bob, own, message)).toEqual({ kind: "discarded", reason: expect.any(String) });
    }),
    { numRuns: 200 },
  );
  expect(stored(bob)).toBe(before);
});

test("nobody starts a session with themselves, and no first message says so", () => {
  const { bob, own, first } = meet(80);
  const refused = expect.objectContaining({ code: "INVALID_OPTION" });
  expect(() => start(bob, linkOf(bob, own))).toThrow(refused);
  expect(open(bob, own, { ...first, initiator: bob.identity.publicKey })).toEqual({
    kind: "discarded",
    reason: "own-key",
  });
});
