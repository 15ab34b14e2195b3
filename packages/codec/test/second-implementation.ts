/**
 * The wire format written again, after the rules of docs/protocol.md: node:crypto, BLAKE2b of @noble/hashes, protobuf by hand.
 * Shares no function with `src/`.
 * @module
 */
import { createCipheriv, createDecipheriv, createHash, hkdfSync } from "node:crypto";
import { blake2b } from "@noble/hashes/blake2.js";

export type Keys = { readonly seal: Uint8Array; readonly hint: Uint8Array };

const CLASSES = [384, 768, 1_536];

export function conversationKeys(sk: Uint8Array, direction: "I->R" | "R->I"): Keys {
  return split(hkdfSync("sha256", sk, new Uint8Array(0), `chat/v1 envelope${direction}`, 64));
}

export function inboxKeys(shared: Uint8Array, oneTimeKey: Uint8Array, prekey: Uint8Array): Keys {
  return split(hkdfSync("sha256", shared, Buffer.concat([oneTimeKey, prekey]), "chat/v1 inbox", 64));
}

/** A length-delimited field. */
export function field(number: number, value: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([...varint(number * 8 + 2), ...varint(value.length)]), value]);
}

export function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
}

/** `DoubleRatchet`; zeros are left out. */
export function ratchetMessage(dh: Uint8Array, number: number, previous: number, ciphertext: Uint8Array): Buffer {
  const numbers = [...(number ? [0x10, ...varint(number)] : []), ...(previous ? [0x18, ...varint(previous)] : [])];
  return Buffer.concat([field(1, dh), Buffer.from(numbers), field(4, ciphertext)]);
}

export function seal(inner: Uint8Array, keys: Keys, nonce: Uint8Array, ephemeral: Uint8Array): Uint8Array {
  const padded = Buffer.alloc(paddedSize(4 + inner.length));
  padded.writeUInt32BE(inner.length);
  padded.set(inner, 4);
  const hint = blake2b(nonce, { key: keys.hint, dkLen: 8 });
  const cipher = createCipheriv("chacha20-poly1305", keys.seal, nonce, { authTagLength: 16 });
  cipher.setAAD(Buffer.concat([Buffer.from([1]), hint, ephemeral]), { plaintextLength: padded.length });
  const sealed = Buffer.concat([cipher.update(padded), cipher.final(), cipher.getAuthTag()]);
  const parts = [Buffer.from([0x08, 1]), field(2, hint), field(3, nonce), field(4, sealed)];
  return Uint8Array.from(Buffer.concat(ephemeral.length > 0 ? [...parts, field(5, ephemeral)] : parts));
}

/** The sealed payload of an envelope; throws if anything is wrong. */
export function open(envelope: Uint8Array, keys: Keys): Uint8Array {
  const fields = fieldsOf(envelope);
  const [hint, nonce, sealed] = [2, 3, 4].map((number) => fields.get(number) ?? new Uint8Array(0)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const expected = blake2b(nonce, { key: keys.hint, dkLen: 8 });
  if (Buffer.compare(expected, hint) !== 0) throw new Error("another hint");
  const decipher = createDecipheriv("chacha20-poly1305", keys.seal, nonce, { authTagLength: 16 });
  const aad = Buffer.concat([Buffer.from([1]), hint, fields.get(5) ?? new Uint8Array(0)]);
  decipher.setAAD(aad, { plaintextLength: sealed.length - 16 });
  decipher.setAuthTag(sealed.subarray(-16));
  const padded = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
  const end = 4 + padded.readUInt32BE();
  if (padded.length !== paddedSize(end) || padded.subarray(end).some((byte) => byte !== 0)) throw new Error("padding");
  return Uint8Array.from(padded.subarray(4, end));
}

/** Length-delimited fields by their number; others are skipped. */
export function fieldsOf(bytes: Uint8Array): Map<number, Uint8Array> {
  const fields = new Map<number, Uint8Array>();
  let at = 0;
  const read = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at] ?? 0;
      at += 1;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = read();
    const length = read();
    if (key % 8 !== 2) continue;
    fields.set(key >> 3, bytes.slice(at, at + length));
    at += length;
  }
  return fields;
}

export function paddedSize(length: number): number {
  const small = CLASSES.find((size) => size >= length);
  if (small) return small;
  const exponent = Math.floor(Math.log2(length));
  const step = 2 ** (exponent - (Math.floor(Math.log2(exponent)) + 1));
  return Math.ceil(length / step) * step;
}

export function mailbox(key: Uint8Array, bits: number): string {
  const digest = blake2b(Buffer.concat([Buffer.from("chat/v1 mailbox"), key]), { dkLen: 32 });
  const binary = Array.from(digest, (byte) => byte.toString(2).padStart(8, "0")).join("");
  const bucket = bits === 0 ? 0n : BigInt(`0b${binary.slice(0, bits)}`);
  return `/chat/1/${bucket.toString(16).padStart(Math.max(1, Math.ceil(bits / 4)), "0")}/proto`;
}

export function invite(keys: { ik: Uint8Array; spk: Uint8Array; signature: Uint8Array; kem?: Uint8Array }): string {
  const { ik, spk, signature, kem } = keys;
  const bundle = [field(1, ik), field(2, spk), field(3, signature), ...(kem ? [field(4, kem)] : [])];
  return `logos_chatintro_${kem ? 2 : 1}_${Buffer.concat(bundle).toString("base64url")}`;
}

/** 60 digits and the code for a QR code. */
export function safety(a: Uint8Array, b: Uint8Array): { digits: string; code: string } {
  const halves = [a, b].map((key) => {
    let digest = Buffer.concat([Buffer.from([0, 1]), Buffer.from("chat/v1 safety number"), key]);
    for (let round = 0; round < 5_200; round += 1) digest = createHash("sha512").update(digest).update(key).digest();
    return digest.subarray(0, 32);
  });
  halves.sort(Buffer.compare);
  const digits = halves.map((half) =>
    [0, 5, 10, 15, 20, 25].map((at) => String(half.readUIntBE(at, 5) % 100_000).padStart(5, "0")).join(""),
  );
  return { digits: digits.join(""), code: `logos_chatsafety_1_${Buffer.concat(halves).toString("base64url")}` };
}

function split(bytes: ArrayBuffer): Keys {
  return { seal: new Uint8Array(bytes, 0, 32), hint: new Uint8Array(bytes, 32, 32) };
}
