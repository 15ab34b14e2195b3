import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  createInvite,
  decodeOwnInvite,
  encodeOwnInvite,
  generateKeyPair,
  isLiveInvite,
  noteHandshake,
  type OwnInvites,
  revokeInvite,
  tendInvites,
  wipe,
} from "../../src/index.ts";
import { createRandom } from "../random.ts";
import {
  accept,
  accepted,
  created,
  DAY_MS,
  firstMessage,
  invite,
  linkOf,
  NO_INVITES,
  NOW_MS,
  open,
  type Person,
  person,
  start,
} from "./people.ts";

/** A new stranger's session from an invite of `owner`. */
function sessionFrom(owner: Person, own: Parameters<typeof linkOf>[1], nowMs = NOW_MS) {
  const stranger = person(owner.random);
  const { first } = firstMessage(stranger, start(stranger, linkOf(owner, own)));
  const { handshakeId } = accepted(accept(owner, own, first, nowMs));
  return { first, handshake: { inviteId: own.id, handshakeId } };
}

describe("at most 100 invites are live", () => {
  test("and the 101st is refused until one is used, revoked or expired", () => {
    const bob = person(createRandom(90));
    const made = Array.from({ length: 100 }, (_, index) => invite(bob, index === 0 ? { expiresInMs: 1_000 } : {}));
    const more = (nowMs: number) => createInvite(bob.invites, { nowMs, random: bob.random }).kind;
    expect(more(NOW_MS + 999)).toBe("refused");
    expect(more(NOW_MS + 1_000)).toBe("created");
    const [, second, third] = made;
    if (!second || !third) throw new Error("a hundred");
    bob.invites = revokeInvite(bob.invites, second.id, { nowMs: NOW_MS }).invites;
    expect(more(NOW_MS)).toBe("created");
    invite(bob);
    expect(more(NOW_MS)).toBe("refused");
    sessionFrom(bob, third);
    expect(more(NOW_MS)).toBe("created");
  });

  test("not counting renewals, which have a limit of their own", () => {
    const random = createRandom(91);
    const bob = person(random);
    const limits = { maxLiveInvites: 1, maxLiveRenewals: 1 };
    const peer = generateKeyPair(random).publicKey;
    invite(bob, { limits });
    invite(bob, { limits, peer });
    const options = { nowMs: NOW_MS, random, limits };
    expect([createInvite(bob.invites, options).kind, createInvite(bob.invites, { ...options, peer }).kind]).toEqual([
      "refused",
      "refused",
    ]);
  });
});

describe("an invite ends", () => {
  test.each([
    ["multi-use after 30 days by default", { use: "multi" }, 30 * DAY_MS],
    ["multi-use when it says", { use: "multi", expiresInMs: DAY_MS }, DAY_MS],
    ["single-use when it says", { expiresInMs: 5 }, 5],
  ] as const)("%s, to the millisecond", (_name, options, lifetimeMs) => {
    const bob = person(createRandom(92));
    const own = invite(bob, options);
    const stranger = person(bob.random);
    const { first } = firstMessage(stranger, start(stranger, linkOf(bob, own)));
    expect(open(bob, own, first, NOW_MS + lifetimeMs - 1).kind).toBe("opened");
    expect(open(bob, own, first, NOW_MS + lifetimeMs)).toEqual({ kind: "discarded", reason: "invite-ended" });
  });

  test("and single-use ones not by themselves", () => {
    const own = invite(person(createRandom(93)));
    expect(isLiveInvite(own, NOW_MS + 10_000 * DAY_MS)).toBe(true);
  });

  test("unused: its key is wiped at once, by revocation and by expiry, the KEM's as well", () => {
    const bob = person(createRandom(94));
    const revoked = invite(bob, { hybrid: true });
    const expired = invite(bob, { expiresInMs: DAY_MS });
    const first = revokeInvite(bob.invites, revoked.id, { nowMs: NOW_MS });
    const second = tendInvites(first.invites, { nowMs: NOW_MS + DAY_MS });
    wipe(...first.consumed, ...second.consumed);
    expect(second.invites.size).toBe(0);
    expect([revoked.keys.secretKey, revoked.kem?.seed, expired.keys.secretKey]).toEqual([
      new Uint8Array(32),
      new Uint8Array(64),
      new Uint8Array(32),
    ]);
  });
});

describe("the key of an ended invite", () => {
  test("stays until an ordinary envelope of each of its sessions has arrived, and refuses every new EK_i", () => {
    const bob = person(createRandom(95));
    const own = invite(bob, { use: "multi", hybrid: true });
    const sessions = [sessionFrom(bob, own), sessionFrom(bob, own)];
    const revoked = revokeInvite(bob.invites, own.id, { nowMs: NOW_MS });
    expect(revoked.consumed).toEqual([]);
    bob.invites = revoked.invites;

    const stranger = person(bob.random);
    const { first } = firstMessage(stranger, start(stranger, linkOf(bob, own)));
    expect(open(bob, own, first)).toEqual({ kind: "discarded", reason: "invite-ended" });
    for (const { first: again, handshake } of sessions) {
      expect(open(bob, own, again)).toEqual({ kind: "known", handshakeId: handshake.handshakeId });
    }

    const consumed = sessions.map(({ handshake }) => {
      // An answer of ours proves nothing: the initiator may not have it, and goes on sending first messages.
      bob.invites = noteHandshake(bob.invites, handshake, "answered", { nowMs: NOW_MS }).invites;
      const change = noteHandshake(bob.invites, handshake, "confirmed", { nowMs: NOW_MS });
      bob.invites = change.invites;
      return change.consumed.length;
    });
    expect(consumed).toEqual([0, 2]);
    expect(open(bob, own, first)).toEqual({ kind: "discarded", reason: "no-such-invite" });
  });

  test("is wiped after 30 days whatever is missing", () => {
    const bob = person(createRandom(96));
    const own = invite(bob);
    sessionFrom(bob, own, NOW_MS + DAY_MS);
    const at = (nowMs: number) => tendInvites(bob.invites, { nowMs });
    expect(at(NOW_MS + 31 * DAY_MS - 1).consumed).toEqual([]);
    expect(at(NOW_MS + 31 * DAY_MS)).toEqual({ invites: NO_INVITES, consumed: [own.keys.secretKey] });
  });

  test("goes at once when the only conversation it made is deleted", () => {
    const bob = person(createRandom(97));
    const { handshake } = sessionFrom(bob, invite(bob));
    expect(noteHandshake(bob.invites, handshake, "deleted", { nowMs: NOW_MS }).invites.size).toBe(0);
  });

  test("of a live one is not touched by what happens to its sessions", () => {
    const bob = person(createRandom(98));
    const { handshake } = sessionFrom(bob, invite(bob, { use: "multi" }));
    const change = noteHandshake(bob.invites, handshake, "confirmed", { nowMs: NOW_MS });
    expect([change.invites.size, change.consumed.length]).toEqual([1, 0]);
  });
});

test.each([
  ["expiresInMs", { expiresInMs: 0 }],
  ["nowMs", { nowMs: -1 }],
  ["maxLiveInvites", { limits: { maxLiveInvites: 0.5 } }],
])("a bad %s is refused by name", (name, options) => {
  const random = createRandom(99);
  const message = expect.stringContaining(name);
  expect(() => createInvite(NO_INVITES, { nowMs: NOW_MS, random, ...options })).toThrow(
    expect.objectContaining({ code: "INVALID_OPTION", message }),
  );
});

test("whatever happens, invites stay within their bounds and no value is changed", () => {
  const random = createRandom(100);
  const limits = { maxLiveInvites: 3 };
  const step = fc.record({
    what: fc.constantFrom("create", "multi", "revoke", "confirm", "tend"),
    which: fc.nat({ max: 5 }),
    laterMs: fc.nat({ max: 40 * DAY_MS }),
  });
  const property = fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
    let invites: OwnInvites = NO_INVITES;
    let nowMs = NOW_MS;
    for (const { what, which, laterMs } of steps) {
      nowMs += laterMs;
      const before = [...invites.values()].map((own) => Buffer.from(encodeOwnInvite(own)).toString("hex"));
      const previous = invites;
      const target = [...invites.keys()][which] ?? "none";
      if (what === "create" || what === "multi") {
        const use = what === "multi" ? "multi" : "single";
        const result = createInvite(invites, { nowMs, random, use, limits });
        if (result.kind === "created") invites = created(result).invites;
      } else if (what === "revoke") invites = revokeInvite(invites, target, { nowMs, limits }).invites;
      else if (what === "tend") invites = tendInvites(invites, { nowMs, limits }).invites;
      else
        invites = noteHandshake(invites, { inviteId: target, handshakeId: "" }, "confirmed", { nowMs, limits }).invites;
      expect([...previous.values()].map((own) => Buffer.from(encodeOwnInvite(own)).toString("hex"))).toEqual(before);
      expect(invites.size).toBeLessThanOrEqual(6);
      expect([...invites.values()].filter((own) => isLiveInvite(own, nowMs)).length).toBeLessThanOrEqual(3);
    }
  });
  fc.assert(property, { numRuns: 50 });
});

describe("a snapshot of an invite", () => {
  const bob = person(createRandom(101));
  const peer = generateKeyPair(bob.random).publicKey;
  const plain = invite(bob);
  const rich = invite(bob, { hybrid: true, use: "multi", peer });
  bob.invites = new Map(bob.invites).set(rich.id, {
    ...rich,
    closedAtMs: NOW_MS + 7,
    handshakes: [
      { id: "00".repeat(16), isAnswered: true, isSettled: false },
      { id: "ff".repeat(16), isAnswered: true, isSettled: true },
    ],
  });
  const invites = [plain, bob.invites.get(rich.id) ?? rich];

  test.each(invites)("gives it back, cut anywhere it is none: $use", (own) => {
    const snapshot = encodeOwnInvite(own);
    expect(decodeOwnInvite(snapshot.slice())).toEqual(own);
    const refused = expect.objectContaining({ code: "INVALID_STATE" });
    for (let length = 0; length < snapshot.length; length += 1) {
      expect(() => decodeOwnInvite(snapshot.slice(0, length))).toThrow(refused);
    }
    expect(() => decodeOwnInvite(Uint8Array.of(...snapshot, 0))).toThrow(refused);
    expect(() => decodeOwnInvite(Uint8Array.of(2, ...snapshot.slice(1)))).toThrow(refused);
  });

  test("that is damaged is read as another or refused, nothing else", () => {
    const snapshots = invites.map(encodeOwnInvite);
    const property = fc.property(
      fc.constantFrom(...snapshots),
      fc.nat(),
      fc.nat({ max: 255 }),
      (snapshot, at, value) => {
        const damaged = snapshot.slice();
        damaged[at % damaged.length] = value;
        expectReadOrRefused(damaged);
      },
    );
    fc.assert(property, { numRuns: 100 });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => expectReadOrRefused(Uint8Array.of(1, ...bytes))),
    );
  });
});

function expectReadOrRefused(snapshot: Uint8Array): void {
  try {
    expect(encodeOwnInvite(decodeOwnInvite(snapshot))).toEqual(snapshot);
  } catch (error) {
    expect(error).toMatchObject({ name: "RatchetError", code: "INVALID_STATE" });
  }
}
