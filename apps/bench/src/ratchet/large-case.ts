/**
 * Messages of 150 KiB beside the AEAD alone, which bounds them.
 * @module
 */
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from "node:crypto";
import { createCrypto } from "@chat/ratchet";
import type { BenchCase } from "../case.ts";
import { payloadOf } from "../segmentation/inputs.ts";
import { type Duo, expectSame, measure } from "./duo.ts";
import { ours } from "./ours.ts";

const BYTES = 150 * 1024;
const CIPHER = "chacha20-poly1305";
const TAG = { authTagLength: 16 };

/** `node:crypto` with one key object, made before: nothing but encryption and decryption. */
function aeadAlone(plaintext: Uint8Array): Duo {
  const [key, aad] = [createSecretKey(randomBytes(32)), randomBytes(104)];
  return {
    pass() {
      const nonce = randomBytes(12);
      const cipher = createCipheriv(CIPHER, key, nonce, TAG);
      cipher.setAAD(aad, { plaintextLength: BYTES });
      const sealed = cipher.update(plaintext);
      cipher.final();
      const decipher = createDecipheriv(CIPHER, key, nonce, TAG);
      decipher.setAAD(aad, { plaintextLength: BYTES });
      decipher.setAuthTag(cipher.getAuthTag());
      const opened = decipher.update(sealed);
      decipher.final();
      expectSame(opened, plaintext);
    },
  };
}

export const largeCase: BenchCase = {
  name: "oneway-150kib-node-aead",
  title: "messages of 150 KiB, all in one direction, by the node provider",
  unit: "msg/s",
  better: "higher",
  peer: "ChaCha20-Poly1305 of node:crypto alone",
  rounds: 9,
  limitMs: 60_000,
  prepare: async () => {
    const plaintext = payloadOf(BYTES);
    const [our, their] = [await ours(createCrypto())(plaintext), aeadAlone(plaintext)];
    return {
      ours: () => measure(our, "oneway"),
      theirs: () => measure(their, "oneway"),
      [Symbol.asyncDispose]: async () => {},
    };
  },
};
