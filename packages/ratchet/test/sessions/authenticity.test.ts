/** Who can make a session that seems to come from Alice: Alice, Bob himself, and nobody else. */
import { describe, expect, test } from "@jest/globals";
import {
  agreeAsResponder,
  agreeHybridAsResponder,
  deriveSession,
  encapsulate,
  encrypt,
  type FirstMessage,
  generateKeyPair,
  type KeyPair,
  sessionAssociatedData,
  startAsInitiator,
  startSession,
} from "../../src/index.ts";
import { createRandom } from "../random.ts";
import { firstMessage, invite, linkOf, open, person } from "./people.ts";

describe.each([
  ["a classical", false],
  ["a hybrid", true],
])("over %s invite", (_kind, hybrid) => {
  test("Mallory, who knows every public key and the link, cannot speak as Alice", () => {
    const random = createRandom(140);
    const [alice, bob, mallory] = [person(random), person(random), person(random)];
    const own = invite(bob, { hybrid });
    // Her own session under Alice's name, and a session of keys that only look like Alice's.
    const pretended: KeyPair = { publicKey: alice.identity.publicKey, secretKey: mallory.identity.secretKey };
    const deriveKeys = () => new Uint8Array();
    const started = startSession(linkOf(bob, own), { identity: pretended, random, deriveKeys });
    expect(open(bob, own, firstMessage(mallory, started).first)).toEqual({
      kind: "discarded",
      reason: "undecryptable",
    });
    const honest = startSession(linkOf(bob, own), { identity: mallory.identity, random, deriveKeys });
    const { first } = firstMessage(mallory, honest);
    expect(open(bob, own, { ...first, initiator: alice.identity.publicKey }).kind).toBe("discarded");
    expect(open(bob, own, first).kind).toBe("opened");
  });

  test("Bob can make up a whole session of Alice's with himself, so his log proves nothing about her", () => {
    const random = createRandom(141);
    const [alice, bob] = [person(random), person(random)];
    const own = invite(bob, { hybrid });
    const ephemeral = generateKeyPair(random);
    const { ciphertext: kemCiphertext } = own.kem ? encapsulate(own.kem.publicKey, random) : { ciphertext: undefined };
    const keys = {
      identity: bob.identity,
      prekey: own.keys,
      remoteIdentity: alice.identity.publicKey,
      remoteEphemeral: ephemeral.publicKey,
    };
    const shared =
      own.kem && kemCiphertext
        ? agreeHybridAsResponder({ ...keys, kem: own.kem, kemCiphertext })
        : agreeAsResponder(keys);
    const forged = startAsInitiator({
      sharedSecret: deriveSession(shared).secret,
      remoteKey: own.keys.publicKey,
      associatedData: sessionAssociatedData(alice.identity.publicKey, bob.identity.publicKey),
      random,
    });
    const first: FirstMessage = {
      initiator: alice.identity.publicKey,
      ephemeral: ephemeral.publicKey,
      ...(kemCiphertext && { kemCiphertext }),
      message: encrypt(forged, new TextEncoder().encode("I, Alice"), { random }).message,
    };
    const opened = open(bob, own, first);
    if (opened.kind !== "opened") throw new Error("it opens like one of hers");
    expect(new TextDecoder().decode(opened.plaintext)).toBe("I, Alice");
  });
});
