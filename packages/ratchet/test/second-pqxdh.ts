/**
 * The hybrid handshake once more, from its description alone and on OpenSSL: nothing of this package is used.
 * It made `pqxdh.vectors.json`.
 * @module
 */
import * as openssl from "node:crypto";

const ML_KEM_PKCS8 = Buffer.from("3054020100300b060960864801650304040204428040", "hex");
const ML_KEM_SPKI = Buffer.from("308204b2300b0609608648016503040402038204a100", "hex");
const X25519_PKCS8 = Buffer.from("302e020100300506032b656e04220420", "hex");
const X25519_SPKI = Buffer.from("302a300506032b656e032100", "hex");

/** Node has ML-KEM since 24.7. */
export const HAS_ML_KEM = typeof openssl.encapsulate === "function";

export function secondKemPublicKey(seed: Uint8Array): Uint8Array {
  const publicKey = openssl.createPublicKey(kemPrivateKey(seed));
  return new Uint8Array(publicKey.export({ format: "der", type: "spki" }).subarray(ML_KEM_SPKI.length));
}

export function secondEncapsulate(publicKey: Uint8Array): { ciphertext: Uint8Array; secret: Uint8Array } {
  const der = Buffer.concat([ML_KEM_SPKI, publicKey]);
  const { ciphertext, sharedKey } = openssl.encapsulate(
    openssl.createPublicKey({ key: der, format: "der", type: "spki" }),
  );
  return { ciphertext: new Uint8Array(ciphertext), secret: new Uint8Array(sharedKey) };
}

export function secondDecapsulate(seed: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  return new Uint8Array(openssl.decapsulate(kemPrivateKey(seed), ciphertext));
}

export type SecondResponder = {
  identitySecret: Uint8Array;
  prekeySecret: Uint8Array;
  oneTimeSecret?: Uint8Array | undefined;
  kemSeed: Uint8Array;
  remoteIdentity: Uint8Array;
  remoteEphemeral: Uint8Array;
  kemCiphertext: Uint8Array;
};

export function secondResponder(keys: SecondResponder): Uint8Array {
  const { identitySecret, prekeySecret, oneTimeSecret, kemSeed, remoteIdentity, remoteEphemeral, kemCiphertext } = keys;
  const material = Buffer.concat([
    Buffer.alloc(32, 0xff),
    x25519(prekeySecret, remoteIdentity),
    x25519(identitySecret, remoteEphemeral),
    x25519(prekeySecret, remoteEphemeral),
    ...(oneTimeSecret ? [x25519(oneTimeSecret, remoteEphemeral)] : []),
    secondDecapsulate(kemSeed, kemCiphertext),
  ]);
  const info = Buffer.concat([
    Buffer.from("logos_chat_inbox_2_ML-KEM-768"),
    secondX25519PublicKey(prekeySecret),
    secondKemPublicKey(kemSeed),
    kemCiphertext,
  ]);
  // Node's HKDF takes 1,024 bytes of info at most, so the two steps of RFC 5869 are written out.
  const pseudorandomKey = openssl.createHmac("sha256", Buffer.alloc(32)).update(material).digest();
  return new Uint8Array(openssl.createHmac("sha256", pseudorandomKey).update(info).update(Buffer.of(1)).digest());
}

export function secondX25519PublicKey(secretKey: Uint8Array): Uint8Array {
  const publicKey = openssl.createPublicKey(x25519PrivateKey(secretKey));
  return new Uint8Array(publicKey.export({ format: "der", type: "spki" }).subarray(X25519_SPKI.length));
}

function x25519(secretKey: Uint8Array, publicKey: Uint8Array): Buffer {
  const der = Buffer.concat([X25519_SPKI, publicKey]);
  return openssl.diffieHellman({
    privateKey: x25519PrivateKey(secretKey),
    publicKey: openssl.createPublicKey({ key: der, format: "der", type: "spki" }),
  });
}

function x25519PrivateKey(secretKey: Uint8Array): openssl.KeyObject {
  return openssl.createPrivateKey({ key: Buffer.concat([X25519_PKCS8, secretKey]), format: "der", type: "pkcs8" });
}

function kemPrivateKey(seed: Uint8Array): openssl.KeyObject {
  return openssl.createPrivateKey({ key: Buffer.concat([ML_KEM_PKCS8, seed]), format: "der", type: "pkcs8" });
}
