import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import {
  agreeAsInitiator,
  agreeAsResponder,
  agreeHybridAsInitiator,
  agreeHybridAsResponder,
  decapsulate,
  decrypt,
  deriveSession,
  encapsulate,
  encrypt,
  generateKemKeyPair,
  generateKeyPair,
  isValidKemCiphertext,
  isValidKemPublicKey,
  kemKeyPairFromSeed,
  keyPairFromSecret,
  sessionAssociatedData,
  signXeddsa,
  startAsInitiator,
  startAsResponder,
  verifyXeddsa,
} from "../src/index.ts";
import { PROVIDERS } from "./providers.ts";
import { createRandom } from "./random.ts";
import { HAS_ML_KEM, secondEncapsulate, secondKemPublicKey, secondResponder } from "./second-pqxdh.ts";
import { fromHex, toHex } from "./vectors.ts";

type HybridVector = Readonly<
  Record<
    | "label"
    | "initiator_identity"
    | "initiator_ephemeral"
    | "responder_identity"
    | "responder_signed_prekey"
    | "kem_seed"
    | "kem_public_key"
    | "kem_ciphertext"
    | "kem_secret"
    | "shared_secret",
    string
  > & { responder_onetime: string | null }
>;

const VECTORS: readonly HybridVector[] = JSON.parse(
  readFileSync(new URL("./pqxdh.vectors.json", import.meta.url), "utf8"),
).cases;
const NOW_MS = 1_800_000_000_000;

/** Both sides of a hybrid invite, and what the initiator sends. */
function meetHybrid(seed: number) {
  const random = createRandom(seed);
  const [identity, ephemeral, responder, prekey] = [0, 1, 2, 3].map(() => generateKeyPair(random));
  if (!identity || !ephemeral || !responder || !prekey) throw new Error("four keys");
  const kem = generateKemKeyPair(random);
  const invite = { remoteIdentity: responder.publicKey, remotePrekey: prekey.publicKey, remoteKemKey: kem.publicKey };
  const { shared, kemCiphertext } = agreeHybridAsInitiator({ identity, ephemeral, ...invite }, { random });
  const theirs = {
    identity: responder,
    prekey,
    kem,
    remoteIdentity: identity.publicKey,
    remoteEphemeral: ephemeral.publicKey,
    kemCiphertext,
  };
  return { random, identity, ephemeral, invite, shared, theirs };
}

describe.each(VECTORS)("vector by a second implementation: $label", (vector) => {
  const kem = kemKeyPairFromSeed(fromHex(vector.kem_seed));
  const keys = {
    identity: keyPairFromSecret(fromHex(vector.responder_identity)),
    prekey: keyPairFromSecret(fromHex(vector.responder_signed_prekey)),
    ...(vector.responder_onetime && { oneTimePrekey: keyPairFromSecret(fromHex(vector.responder_onetime)) }),
    kem,
    remoteIdentity: keyPairFromSecret(fromHex(vector.initiator_identity)).publicKey,
    remoteEphemeral: keyPairFromSecret(fromHex(vector.initiator_ephemeral)).publicKey,
    kemCiphertext: fromHex(vector.kem_ciphertext),
  };

  test("the seed has this public key, and the ciphertext this secret", () => {
    expect(toHex(kem.publicKey)).toBe(vector.kem_public_key);
    expect(toHex(decapsulate(kem.seed, keys.kemCiphertext))).toBe(vector.kem_secret);
  });

  test.each(PROVIDERS)("the responder gets the shared secret by the $provider provider", ({ crypto }) => {
    expect(toHex(agreeHybridAsResponder(keys, crypto))).toBe(vector.shared_secret);
  });
});

// The golden vectors run everywhere; what follows needs Node 24.7.
(HAS_ML_KEM ? describe : describe.skip)("against OpenSSL, with fresh keys", () => {
  test("it gets what our initiator gets", () => {
    const { shared, theirs } = meetHybrid(40);
    const second = secondResponder({
      identitySecret: theirs.identity.secretKey,
      prekeySecret: theirs.prekey.secretKey,
      kemSeed: theirs.kem.seed,
      remoteIdentity: theirs.remoteIdentity,
      remoteEphemeral: theirs.remoteEphemeral,
      kemCiphertext: theirs.kemCiphertext,
    });
    expect(toHex(second)).toBe(toHex(shared));
  });

  test("we open what it encapsulates, and have the same public key", () => {
    const kem = generateKemKeyPair(createRandom(41));
    expect(toHex(secondKemPublicKey(kem.seed))).toBe(toHex(kem.publicKey));
    const { ciphertext, secret } = secondEncapsulate(kem.publicKey);
    expect(toHex(decapsulate(kem.seed, ciphertext))).toBe(toHex(secret));
  });
});

test("a hybrid session carries messages both ways", () => {
  const { random, identity, invite, shared, theirs } = meetHybrid(42);
  const associatedData = sessionAssociatedData(identity.publicKey, theirs.identity.publicKey);
  const alice = startAsInitiator({
    sharedSecret: deriveSession(shared).secret,
    remoteKey: invite.remotePrekey,
    associatedData,
    random,
  });
  const { secret } = deriveSession(agreeHybridAsResponder(theirs));
  const bob = startAsResponder({ sharedSecret: secret, keyPair: theirs.prekey, associatedData });
  const first = encrypt(alice, Uint8Array.of(1, 2, 3), { random });
  const opened = decrypt(bob, first.message, { nowMs: NOW_MS });
  if (opened.kind !== "opened") throw new Error("the first message opens");
  const answer = encrypt(opened.state, Uint8Array.of(4, 5), { random });
  expect(opened.plaintext).toEqual(Uint8Array.of(1, 2, 3));
  expect(decrypt(first.state, answer.message, { nowMs: NOW_MS })).toMatchObject({ plaintext: Uint8Array.of(4, 5) });
});

describe("an attacker in the middle", () => {
  test("who alters any byte of the ciphertext gives the sides different secrets", () => {
    const { shared, theirs } = meetHybrid(43);
    for (const index of [0, 1, 31, 32, 500, 959, 960, 1_087]) {
      const kemCiphertext = theirs.kemCiphertext.slice();
      kemCiphertext[index] = (kemCiphertext[index] ?? 0) ^ 0x10;
      expect(toHex(agreeHybridAsResponder({ ...theirs, kemCiphertext }))).not.toBe(toHex(shared));
    }
  });

  test.each([0, 1, 1_087, 1_089, 1_184])("who sends a ciphertext of %i bytes is refused", (length) => {
    const { theirs } = meetHybrid(44);
    const kemCiphertext = new Uint8Array(length);
    expect(isValidKemCiphertext(kemCiphertext)).toBe(false);
    expect(() => agreeHybridAsResponder({ ...theirs, kemCiphertext })).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION" }),
    );
  });

  test("who takes the KEM away from one side is left with two secrets", () => {
    const { identity, ephemeral, invite, shared, theirs } = meetHybrid(45);
    const classicalInitiator = agreeAsInitiator({ identity, ephemeral, ...invite });
    expect(toHex(agreeAsResponder(theirs))).toBe(toHex(classicalInitiator));
    expect(toHex(shared)).not.toBe(toHex(classicalInitiator));
    expect(toHex(agreeHybridAsResponder(theirs))).not.toBe(toHex(classicalInitiator));
  });

  test("who knows every X25519 secret still lacks the KEM's, and the other way round", () => {
    const { random, shared, theirs } = meetHybrid(46);
    const quantum = agreeHybridAsResponder({ ...theirs, kem: { ...theirs.kem, seed: random(64) } });
    const lattice = agreeHybridAsResponder({ ...theirs, identity: generateKeyPair(random) });
    expect([toHex(quantum), toHex(lattice)]).not.toContain(toHex(shared));
  });

  test("who passes the ciphertext on under another invite with the same KEM key is left with another secret", () => {
    const { random, shared, theirs } = meetHybrid(47);
    const prekey = generateKeyPair(random);
    expect(toHex(agreeHybridAsResponder({ ...theirs, prekey }))).not.toBe(toHex(shared));
  });
});

describe("the signature of an invite", () => {
  const random = createRandom(48);
  const owner = generateKeyPair(random);
  const prekey = generateKeyPair(random).publicKey;
  const kemKey = generateKemKeyPair(random).publicKey;
  const classical = Buffer.concat([Buffer.from("logos_chatintro_1_"), prekey]);
  const hybrid = Buffer.concat([Buffer.from("logos_chatintro_2_"), prekey, kemKey]);

  test("of a hybrid one is no signature of a classical one: its KEM key cannot be stripped", () => {
    const signature = signXeddsa(owner.secretKey, hybrid, random);
    expect(verifyXeddsa(owner.publicKey, hybrid, signature)).toBe(true);
    expect(verifyXeddsa(owner.publicKey, classical, signature)).toBe(false);
  });

  test("covers the KEM key: neither adding nor exchanging one goes unseen", () => {
    const exchanged = Buffer.concat([hybrid.subarray(0, 18 + 32), generateKemKeyPair(random).publicKey]);
    expect(verifyXeddsa(owner.publicKey, hybrid, signXeddsa(owner.secretKey, classical, random))).toBe(false);
    expect(verifyXeddsa(owner.publicKey, exchanged, signXeddsa(owner.secretKey, hybrid, random))).toBe(false);
  });
});

describe("KEM keys from the wire", () => {
  const kem = generateKemKeyPair(createRandom(49));

  test("have 1,184 bytes", () => {
    expect(isValidKemPublicKey(kem.publicKey)).toBe(true);
    for (const length of [0, 32, 1_183, 1_185]) expect(isValidKemPublicKey(new Uint8Array(length))).toBe(false);
  });

  test.each([
    ["even", 0, 0x01, 0x0d],
    ["odd", 384, undefined, undefined],
  ])("have no %s coefficient of 3,329 or more", (_parity, at, low, middle) => {
    const key = kem.publicKey.slice();
    if (low !== undefined && middle !== undefined) {
      key[at] = low; // 0xd01 = 3,329
      key[at + 1] = ((key[at + 1] ?? 0) & 0xf0) | middle;
    } else {
      key[at + 1] = ((key[at + 1] ?? 0) & 0x0f) | 0x10; // 0xd0, then 1: 3,329 again
      key[at + 2] = 0xd0;
    }
    expect(isValidKemPublicKey(key)).toBe(false);
    expect(() => encapsulate(key, createRandom(50))).toThrow(expect.objectContaining({ code: "INVALID_PUBLIC_KEY" }));
  });

  test("a seed of another length is refused", () => {
    const refused = expect.objectContaining({ code: "INVALID_SECRET_KEY" });
    expect(() => kemKeyPairFromSeed(new Uint8Array(32))).toThrow(refused);
    expect(() => decapsulate(new Uint8Array(2_400), new Uint8Array(1_088))).toThrow(refused);
  });
});

test("no secret stays behind: the KEM message is wiped after use", () => {
  const drawn: Uint8Array[] = [];
  const inner = createRandom(51);
  const random = (length: number) => {
    const bytes = inner(length);
    drawn.push(bytes);
    return bytes;
  };
  encapsulate(kemKeyPairFromSeed(inner(64)).publicKey, random);
  expect(drawn).toEqual([new Uint8Array(32)]);
});
