/** Reads every array that held a secret of a handshake after it is over, through a provider that remembers them. */
import { describe, expect, test } from "@jest/globals";
import {
  acceptFirstMessage,
  type Crypto,
  createCrypto,
  openFirstMessage,
  type RatchetState,
  startSession,
  wipe,
} from "../../src/index.ts";
import { createRandom } from "../random.ts";
import { firstMessage, invite, linkOf, NOW_MS, person, start } from "./people.ts";

/** Every secret that goes into or comes out of `crypto`: arrays, not copies. */
function remembering(crypto: Crypto): { crypto: Crypto; secrets: Set<Uint8Array> } {
  const secrets = new Set<Uint8Array>();
  const keep = (...arrays: Uint8Array[]) => {
    for (const array of arrays) secrets.add(array);
  };
  const kept = <Result extends Uint8Array>(result: Result): Result => {
    keep(result);
    return result;
  };
  return {
    secrets,
    crypto: {
      ...crypto,
      x25519: (secretKey, publicKey) => {
        keep(secretKey);
        return kept(crypto.x25519(secretKey, publicKey));
      },
      hkdfSha256: (material, info, length) => {
        keep(material);
        return kept(crypto.hkdfSha256(material, info, length));
      },
      hkdfBlake2b: (salt, material, info, length) => {
        keep(salt, material);
        return kept(crypto.hkdfBlake2b(salt, material, info, length));
      },
      deriveBlake2b: (length, key, personal) => {
        keep(key);
        return kept(crypto.deriveBlake2b(length, key, personal));
      },
    },
  };
}

/** The secrets that are still readable, other than those that are meant to stay. */
function readable(secrets: Set<Uint8Array>, stays: readonly (Uint8Array | undefined)[]): Uint8Array[] {
  return [...secrets].filter((secret) => !stays.includes(secret) && secret.some((byte) => byte !== 0));
}

function partsOf({ rootKey, keyPair, sendingChain, receivingChain }: RatchetState): (Uint8Array | undefined)[] {
  return [rootKey, keyPair.secretKey, sendingChain, receivingChain];
}

const deriveKeys = () => undefined;

describe.each([
  ["a classical", false],
  ["a hybrid", true],
])("of %s handshake nothing stays", (_kind, hybrid) => {
  test("with the initiator but its identity key and the session", () => {
    const random = createRandom(150);
    const [alice, bob] = [person(random), person(random)];
    const { crypto, secrets } = remembering(createCrypto());
    const options = { identity: alice.identity, random, deriveKeys, crypto };
    const { session } = startSession(linkOf(bob, invite(bob, { hybrid })), options);
    expect(secrets.size).toBeGreaterThan(8);
    expect(readable(secrets, [alice.identity.secretKey, session.base, ...partsOf(session.ratchet)])).toEqual([]);
  });

  test("with the responder but its identity key, the invite's and the session", () => {
    const random = createRandom(151);
    const [alice, bob] = [person(random), person(random)];
    const own = invite(bob, { hybrid });
    const { first } = firstMessage(alice, start(alice, linkOf(bob, own)));
    const { crypto, secrets } = remembering(createCrypto());
    const opened = openFirstMessage(bob.invites, own.id, first, { identity: bob.identity, nowMs: NOW_MS, crypto });
    if (opened.kind !== "opened") throw new Error("it opens");
    const accepted = acceptFirstMessage(bob.invites, opened.pending, {
      acknowledgement: Uint8Array.of(1),
      deriveKeys,
      nowMs: NOW_MS,
      random,
      crypto,
    });
    if (accepted.kind !== "accepted") throw new Error("it is accepted");
    wipe(...accepted.consumed);
    const { base, ratchet } = accepted.session;
    expect(secrets.size).toBeGreaterThan(8);
    expect(readable(secrets, [bob.identity.secretKey, own.keys.secretKey, base, ...partsOf(ratchet)])).toEqual([]);
    const pending = [opened.pending.secret, opened.pending.ratchet.rootKey, opened.pending.ratchet.keyPair.secretKey];
    expect(pending).toEqual([new Uint8Array(32), new Uint8Array(32), new Uint8Array(32)]);
  });

  test("with the responder if the first message does not open", () => {
    const random = createRandom(152);
    const [alice, bob] = [person(random), person(random)];
    const own = invite(bob, { hybrid });
    const { first } = firstMessage(alice, start(alice, linkOf(bob, own)));
    const message = { ...first.message, ciphertext: first.message.ciphertext.slice().reverse() };
    const { crypto, secrets } = remembering(createCrypto());
    const options = { identity: bob.identity, nowMs: NOW_MS, crypto };
    const result = openFirstMessage(bob.invites, own.id, { ...first, message }, options);
    expect(result.kind).toBe("discarded");
    const stays = [bob.identity.secretKey, own.keys.secretKey];
    // What is left is `base`, which is not secret; nothing else of its length was made.
    expect(readable(secrets, stays).map(({ length }) => length)).toEqual([18]);
    expect(own.keys.secretKey.some((byte) => byte !== 0)).toBe(true);
  });
});
