/**
 * One input through a hash of the ratchet in three implementations.
 * @module
 */
import { createPortableCrypto, type Hashes } from "@chat/ratchet";
import { blake2b } from "@noble/hashes/blake2.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import type { Random } from "../random.ts";
import { hex, isEqual, oddBytes } from "./odd-bytes.ts";

const EMPTY = new Uint8Array(0);

const tuned: Hashes = createPortableCrypto();
const stablelib: Hashes = createPortableCrypto({ kernels: "library" });

const noble: Hashes = {
  blake2b: (length, message) => blake2b(message, { dkLen: length }),
  deriveBlake2b: (length, key, personalization) => blake2b(EMPTY, { dkLen: length, key, personalization }),
  hkdfBlake2b: (salt, material, info, length) => hkdf(blake2b, material, salt, info, length),
  hkdfSha256: (material, info, length) => hkdf(sha256, material, EMPTY, info, length),
};

type Hash = keyof Hashes;
type Trial = (hashes: Hashes) => Uint8Array;

/** As often as the ratchet calls them, about. */
const HASHES: readonly Hash[] = [
  "deriveBlake2b",
  "deriveBlake2b",
  "hkdfSha256",
  "hkdfSha256",
  "hkdfBlake2b",
  "blake2b",
];

/** @throws Error if two implementations differ @returns which hash it was */
export function tryHash(random: Random): Hash {
  const hash = random.pick(HASHES);
  const [trial, inputs] = trialOf(hash, random);
  const wanted = trial(stablelib);
  const outputs = { tuned: trial(tuned), stablelib: wanted, noble: trial(noble) };
  if (!Object.values(outputs).every((output) => isEqual(output, wanted))) {
    const seen = Object.entries({ ...inputs, ...outputs }).map(([name, bytes]) => `${name} ${hex(bytes)}`);
    throw new Error(`${hash}: want one result of all implementations, got ${seen.join(", ")}`);
  }
  return hash;
}

/** Without the kernels nothing would be compared. */
export function hasTunedHashes(): boolean {
  return tuned.deriveBlake2b !== stablelib.deriveBlake2b;
}

/** Lengths around the blocks of both hashes, and up to what the kernels leave to the library. */
function trialOf(hash: Hash, random: Random): [Trial, Record<string, Uint8Array>] {
  switch (hash) {
    case "blake2b": {
      const length = random.between(1, 64);
      const message = oddBytes(random, random.chance(0.02) ? random.between(1_000, 1_050) : random.spread(0, 600));
      return [(hashes) => hashes.blake2b(length, message), { message }];
    }
    case "deriveBlake2b": {
      const length = random.chance(0.5) ? 32 : random.between(1, 64);
      const key = oddBytes(random, random.chance(0.5) ? 32 : random.between(1, 64));
      const personal = oddBytes(random, 16);
      return [(hashes) => hashes.deriveBlake2b(length, key, personal), { key, personal }];
    }
    case "hkdfBlake2b": {
      const length = random.chance(0.5) ? 64 : random.between(1, 130);
      const salt = oddBytes(random, random.chance(0.5) ? 32 : random.between(1, 140));
      const material = oddBytes(random, random.chance(0.5) ? 32 : random.between(1, 300));
      const info = oddBytes(random, random.between(0, 140));
      return [(hashes) => hashes.hkdfBlake2b(salt, material, info, length), { salt, material, info }];
    }
    case "hkdfSha256": {
      const length = random.chance(0.5) ? 32 : random.between(1, 70);
      const material = oddBytes(random, random.chance(0.5) ? 32 : random.between(1, 300));
      const info = oddBytes(random, random.chance(0.02) ? random.between(700, 2_400) : random.between(0, 140));
      return [(hashes) => hashes.hkdfSha256(material, info, length), { material, info }];
    }
  }
}
