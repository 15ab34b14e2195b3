/**
 * One-shot BLAKE2b and SHA-256 for short inputs, and the HMACs that HKDF makes of them.
 *
 * All input is written to `input` first. Callers keep within its bounds and call `wipe` at last: between two operations
 * there is nothing secret in this memory.
 *
 * - The sixteen words of BLAKE2b's matrix, and the eight of SHA-256, are locals for the length of a compression.
 * - The message words of BLAKE2b are found by a table of offsets and not by unrolled code: twelve unrolled rounds are no
 *   faster in V8 and several times larger.
 */

const INPUT_LENGTH: u32 = 1024;
const INPUT: usize = memory.data(INPUT_LENGTH, 16);
const OUTPUT: usize = memory.data(64, 16);
/** BLAKE2b's state, 8 words of 64 bits; SHA-256's, 8 of 32. */
const STATE: usize = memory.data(64, 16);
/** A key's block, then the inner hash or the message: what an HMAC hashes. */
const BLOCKS_LENGTH: u32 = INPUT_LENGTH + 512;
const BLOCKS: usize = memory.data(BLOCKS_LENGTH, 16);
/** SHA-256's message schedule. */
const SCHEDULE: usize = memory.data(256, 16);
/** A pseudorandom key, padded to BLAKE2b's block. */
const PRK: usize = memory.data(128, 16);

/** Addresses, for the caller. */
export const input: usize = INPUT;
export const inputLength: u32 = INPUT_LENGTH;
export const output: usize = OUTPUT;

const BLAKE2B_IV: usize = memory.data<u64>([
  0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
  0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
]);

/** RFC 7693, section 2.7: which message word each step takes, as its offset in bytes; rows 10 and 11 are 0 and 1. */
const SIGMA: usize = memory.data<u8>([
  0, 8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96, 104, 112, 120,
  112, 80, 32, 64, 72, 120, 104, 48, 8, 96, 0, 16, 88, 56, 40, 24,
  88, 64, 96, 0, 40, 16, 120, 104, 80, 112, 24, 48, 56, 8, 72, 32,
  56, 72, 24, 8, 104, 96, 88, 112, 16, 48, 40, 80, 32, 0, 120, 64,
  72, 0, 40, 56, 16, 32, 80, 120, 112, 8, 88, 96, 48, 64, 24, 104,
  16, 96, 48, 80, 0, 88, 64, 24, 32, 104, 56, 40, 120, 112, 8, 72,
  96, 40, 8, 120, 112, 104, 32, 80, 0, 56, 48, 24, 72, 16, 64, 88,
  104, 88, 56, 112, 96, 8, 24, 72, 40, 0, 120, 32, 64, 48, 16, 80,
  48, 120, 112, 72, 88, 24, 0, 64, 96, 16, 104, 56, 8, 32, 80, 40,
  80, 16, 64, 32, 56, 48, 8, 40, 120, 88, 72, 112, 24, 96, 104, 0,
  0, 8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96, 104, 112, 120,
  112, 80, 32, 64, 72, 120, 104, 48, 8, 96, 0, 16, 88, 56, 40, 24,
]);
const SIGMA_END: usize = SIGMA + 192;

/** @param counter - bytes hashed so far, this block included */
function compressBlake2b(block: usize, counter: u64, isLast: bool): void {
  const iv = BLAKE2B_IV;
  let v0 = load<u64>(STATE, 0), v1 = load<u64>(STATE, 8), v2 = load<u64>(STATE, 16), v3 = load<u64>(STATE, 24);
  let v4 = load<u64>(STATE, 32), v5 = load<u64>(STATE, 40), v6 = load<u64>(STATE, 48), v7 = load<u64>(STATE, 56);
  let v8 = load<u64>(iv, 0), v9 = load<u64>(iv, 8), v10 = load<u64>(iv, 16), v11 = load<u64>(iv, 24);
  let v12 = load<u64>(iv, 32) ^ counter, v13 = load<u64>(iv, 40);
  let v14 = isLast ? ~load<u64>(iv, 48) : load<u64>(iv, 48);
  let v15 = load<u64>(iv, 56);
  for (let row = SIGMA; row < SIGMA_END; row += 16) {
    v0 += v4 + load<u64>(block + <usize>load<u8>(row, 0)); v12 = rotr<u64>(v12 ^ v0, 32); v8 += v12; v4 = rotr<u64>(v4 ^ v8, 24);
    v1 += v5 + load<u64>(block + <usize>load<u8>(row, 2)); v13 = rotr<u64>(v13 ^ v1, 32); v9 += v13; v5 = rotr<u64>(v5 ^ v9, 24);
    v2 += v6 + load<u64>(block + <usize>load<u8>(row, 4)); v14 = rotr<u64>(v14 ^ v2, 32); v10 += v14; v6 = rotr<u64>(v6 ^ v10, 24);
    v3 += v7 + load<u64>(block + <usize>load<u8>(row, 6)); v15 = rotr<u64>(v15 ^ v3, 32); v11 += v15; v7 = rotr<u64>(v7 ^ v11, 24);
    v0 += v4 + load<u64>(block + <usize>load<u8>(row, 1)); v12 = rotr<u64>(v12 ^ v0, 16); v8 += v12; v4 = rotr<u64>(v4 ^ v8, 63);
    v1 += v5 + load<u64>(block + <usize>load<u8>(row, 3)); v13 = rotr<u64>(v13 ^ v1, 16); v9 += v13; v5 = rotr<u64>(v5 ^ v9, 63);
    v2 += v6 + load<u64>(block + <usize>load<u8>(row, 5)); v14 = rotr<u64>(v14 ^ v2, 16); v10 += v14; v6 = rotr<u64>(v6 ^ v10, 63);
    v3 += v7 + load<u64>(block + <usize>load<u8>(row, 7)); v15 = rotr<u64>(v15 ^ v3, 16); v11 += v15; v7 = rotr<u64>(v7 ^ v11, 63);

    v0 += v5 + load<u64>(block + <usize>load<u8>(row, 8)); v15 = rotr<u64>(v15 ^ v0, 32); v10 += v15; v5 = rotr<u64>(v5 ^ v10, 24);
    v1 += v6 + load<u64>(block + <usize>load<u8>(row, 10)); v12 = rotr<u64>(v12 ^ v1, 32); v11 += v12; v6 = rotr<u64>(v6 ^ v11, 24);
    v2 += v7 + load<u64>(block + <usize>load<u8>(row, 12)); v13 = rotr<u64>(v13 ^ v2, 32); v8 += v13; v7 = rotr<u64>(v7 ^ v8, 24);
    v3 += v4 + load<u64>(block + <usize>load<u8>(row, 14)); v14 = rotr<u64>(v14 ^ v3, 32); v9 += v14; v4 = rotr<u64>(v4 ^ v9, 24);
    v0 += v5 + load<u64>(block + <usize>load<u8>(row, 9)); v15 = rotr<u64>(v15 ^ v0, 16); v10 += v15; v5 = rotr<u64>(v5 ^ v10, 63);
    v1 += v6 + load<u64>(block + <usize>load<u8>(row, 11)); v12 = rotr<u64>(v12 ^ v1, 16); v11 += v12; v6 = rotr<u64>(v6 ^ v11, 63);
    v2 += v7 + load<u64>(block + <usize>load<u8>(row, 13)); v13 = rotr<u64>(v13 ^ v2, 16); v8 += v13; v7 = rotr<u64>(v7 ^ v8, 63);
    v3 += v4 + load<u64>(block + <usize>load<u8>(row, 15)); v14 = rotr<u64>(v14 ^ v3, 16); v9 += v14; v4 = rotr<u64>(v4 ^ v9, 63);
  }
  store<u64>(STATE, load<u64>(STATE, 0) ^ v0 ^ v8, 0);
  store<u64>(STATE, load<u64>(STATE, 8) ^ v1 ^ v9, 8);
  store<u64>(STATE, load<u64>(STATE, 16) ^ v2 ^ v10, 16);
  store<u64>(STATE, load<u64>(STATE, 24) ^ v3 ^ v11, 24);
  store<u64>(STATE, load<u64>(STATE, 32) ^ v4 ^ v12, 32);
  store<u64>(STATE, load<u64>(STATE, 40) ^ v5 ^ v13, 40);
  store<u64>(STATE, load<u64>(STATE, 48) ^ v6 ^ v14, 48);
  store<u64>(STATE, load<u64>(STATE, 56) ^ v7 ^ v15, 56);
}

/** Sequential mode, no salt, no tree: fanout and depth are 1. */
function beginBlake2b(length: u32, keyLength: u32, personal0: u64, personal1: u64): void {
  memory.copy(STATE, BLAKE2B_IV, 64);
  store<u64>(STATE, load<u64>(STATE, 0) ^ 0x01010000 ^ (<u64>keyLength << 8) ^ <u64>length, 0);
  store<u64>(STATE, load<u64>(STATE, 48) ^ personal0, 48);
  store<u64>(STATE, load<u64>(STATE, 56) ^ personal1, 56);
}

/** Whole message at `from`, with room behind it for zeros up to a whole block; at least one block. */
function absorbBlake2b(from: usize, length: u32): void {
  const padded = max<u32>(128, (length + 127) & ~127);
  memory.fill(from + length, 0, padded - length);
  const last = from + padded - 128;
  for (let block = from; block < last; block += 128) compressBlake2b(block, <u64>(block - from) + 128, false);
  compressBlake2b(last, <u64>length, true);
}

/** BLAKE2b of `inputLength` bytes at `input`, to `output`. */
export function blake2b(length: u32, inputLength: u32): void {
  memory.copy(BLOCKS, INPUT, inputLength);
  beginBlake2b(length, 0, 0, 0);
  absorbBlake2b(BLOCKS, inputLength);
  memory.copy(OUTPUT, STATE, 64);
}

/** Keyed BLAKE2b of nothing: personalisation (16 bytes) and key (1 to 64) at `input`. */
export function deriveBlake2b(length: u32, keyLength: u32): void {
  memory.copy(BLOCKS, INPUT + 16, keyLength);
  memory.fill(BLOCKS + keyLength, 0, 128 - keyLength);
  beginBlake2b(length, keyLength, load<u64>(INPUT, 0), load<u64>(INPUT, 8));
  compressBlake2b(BLOCKS, 128, true);
  memory.copy(OUTPUT, STATE, 64);
}

/** HMAC-BLAKE2b-512, from `key` (128 bytes, padded with zeros) and a message that begins at BLOCKS + 128, into STATE. */
function hmacBlake2b(key: usize, length: u32): void {
  for (let offset: usize = 0; offset < 128; offset += 8) {
    store<u64>(BLOCKS + offset, load<u64>(key + offset) ^ 0x3636363636363636);
  }
  beginBlake2b(64, 0, 0, 0);
  absorbBlake2b(BLOCKS, 128 + length);
  memory.copy(BLOCKS + 128, STATE, 64);
  for (let offset: usize = 0; offset < 128; offset += 8) {
    store<u64>(BLOCKS + offset, load<u64>(key + offset) ^ 0x5c5c5c5c5c5c5c5c);
  }
  beginBlake2b(64, 0, 0, 0);
  absorbBlake2b(BLOCKS, 192);
}

/** HKDF over HMAC-BLAKE2b-512, its first 64 bytes: salt (at most 128 bytes), key material and info at `input`. */
export function hkdfBlake2b(saltLength: u32, materialLength: u32, infoLength: u32): void {
  memory.fill(PRK, 0, 128);
  memory.copy(PRK, INPUT, saltLength);
  memory.copy(BLOCKS + 128, INPUT + saltLength, materialLength);
  hmacBlake2b(PRK, materialLength);
  memory.fill(PRK, 0, 128);
  memory.copy(PRK, STATE, 64);
  memory.copy(BLOCKS + 128, INPUT + saltLength + materialLength, infoLength);
  store<u8>(BLOCKS + 128 + infoLength, 1);
  hmacBlake2b(PRK, infoLength + 1);
  memory.copy(OUTPUT, STATE, 64);
}

const SHA256_IV: usize = memory.data<u32>([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
]);
const SHA256_K: usize = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]);
/** States of HMAC-SHA-256 after the block of an empty key, inner and outer: HKDF without a salt begins there. */
const EMPTY_KEY: usize = memory.data(64, 16);
/** The same for another key. */
const KEYED: usize = memory.data(64, 16);

// @ts-ignore: decorator
@inline
function t1(e: u32, f: u32, g: u32, h: u32, kw: u32): u32 {
  return h + (rotr<u32>(e, 6) ^ rotr<u32>(e, 11) ^ rotr<u32>(e, 25)) + (g ^ (e & (f ^ g))) + kw;
}

// @ts-ignore: decorator
@inline
function t2(a: u32, b: u32, c: u32): u32 {
  return (rotr<u32>(a, 2) ^ rotr<u32>(a, 13) ^ rotr<u32>(a, 22)) + ((a & b) | (c & (a | b)));
}

// @ts-ignore: decorator
@inline
function kw(i: usize): u32 {
  return load<u32>(SHA256_K + i) + load<u32>(SCHEDULE + i);
}

/** @param to - the state, which is read and written */
function compressSha256(block: usize, to: usize): void {
  for (let i: usize = 0; i < 64; i += 4) store<u32>(SCHEDULE + i, bswap<u32>(load<u32>(block + i)));
  for (let i: usize = SCHEDULE + 64; i < SCHEDULE + 256; i += 4) {
    const w15 = load<u32>(i - 60), w2 = load<u32>(i - 8);
    const s0 = rotr<u32>(w15, 7) ^ rotr<u32>(w15, 18) ^ (w15 >>> 3);
    const s1 = rotr<u32>(w2, 17) ^ rotr<u32>(w2, 19) ^ (w2 >>> 10);
    store<u32>(i, load<u32>(i - 64) + s0 + load<u32>(i - 28) + s1);
  }
  let a = load<u32>(to, 0), b = load<u32>(to, 4), c = load<u32>(to, 8), d = load<u32>(to, 12);
  let e = load<u32>(to, 16), f = load<u32>(to, 20), g = load<u32>(to, 24), h = load<u32>(to, 28);
  for (let i: usize = 0; i < 256; i += 32) {
    h = t1(e, f, g, h, kw(i)); d += h; h += t2(a, b, c);
    g = t1(d, e, f, g, kw(i + 4)); c += g; g += t2(h, a, b);
    f = t1(c, d, e, f, kw(i + 8)); b += f; f += t2(g, h, a);
    e = t1(b, c, d, e, kw(i + 12)); a += e; e += t2(f, g, h);
    d = t1(a, b, c, d, kw(i + 16)); h += d; d += t2(e, f, g);
    c = t1(h, a, b, c, kw(i + 20)); g += c; c += t2(d, e, f);
    b = t1(g, h, a, b, kw(i + 24)); f += b; b += t2(c, d, e);
    a = t1(f, g, h, a, kw(i + 28)); e += a; a += t2(b, c, d);
  }
  store<u32>(to, load<u32>(to, 0) + a, 0);
  store<u32>(to, load<u32>(to, 4) + b, 4);
  store<u32>(to, load<u32>(to, 8) + c, 8);
  store<u32>(to, load<u32>(to, 12) + d, 12);
  store<u32>(to, load<u32>(to, 16) + e, 16);
  store<u32>(to, load<u32>(to, 20) + f, 20);
  store<u32>(to, load<u32>(to, 24) + g, 24);
  store<u32>(to, load<u32>(to, 28) + h, 28);
}

/** Pads and hashes the message at BLOCKS into STATE. @param before - bytes that the state `from` stands for */
function finishSha256(from: usize, before: u32, length: u32): void {
  memory.copy(STATE, from, 32);
  const padded = (length + 9 + 63) & ~63;
  memory.fill(BLOCKS + length, 0, padded - length);
  store<u8>(BLOCKS + length, 0x80);
  store<u32>(BLOCKS + padded - 4, bswap<u32>((before + length) << 3));
  for (let offset: usize = 0; offset < padded; offset += 64) compressSha256(BLOCKS + offset, STATE);
}

/** The digest in STATE, as bytes. */
function writeSha256(to: usize): void {
  for (let offset: usize = 0; offset < 32; offset += 4) store<u32>(to + offset, bswap<u32>(load<u32>(STATE + offset)));
}

/** Both states of HMAC-SHA-256 for `key`, 64 bytes, padded with zeros. */
function keySha256(key: usize, to: usize): void {
  for (let offset: usize = 0; offset < 64; offset += 8) {
    const word = load<u64>(key + offset);
    store<u64>(BLOCKS + offset, word ^ 0x3636363636363636);
    store<u64>(BLOCKS + 64 + offset, word ^ 0x5c5c5c5c5c5c5c5c);
  }
  memory.copy(to, SHA256_IV, 32);
  memory.copy(to + 32, SHA256_IV, 32);
  compressSha256(BLOCKS, to);
  compressSha256(BLOCKS + 64, to + 32);
}

/** HMAC-SHA-256 of the message at BLOCKS, to `to`. */
function hmacSha256(keyed: usize, length: u32, to: usize): void {
  finishSha256(keyed, 64, length);
  writeSha256(BLOCKS);
  finishSha256(keyed + 32, 64, 32);
  writeSha256(to);
}

/** HKDF-SHA-256 without salt, its first 32 bytes: key material and info at `input`. */
export function hkdfSha256(materialLength: u32, infoLength: u32): void {
  memory.copy(BLOCKS, INPUT, materialLength);
  hmacSha256(EMPTY_KEY, materialLength, PRK);
  memory.fill(PRK + 32, 0, 32);
  keySha256(PRK, KEYED);
  memory.copy(BLOCKS, INPUT + materialLength, infoLength);
  store<u8>(BLOCKS + infoLength, 1);
  hmacSha256(KEYED, infoLength + 1, OUTPUT);
}

/** Once, before anything else. */
export function prepare(): void {
  memory.fill(PRK, 0, 64);
  keySha256(PRK, EMPTY_KEY);
}

/** Overwrites what the last operation left; the most that one may have written, but for input and blocks. */
export function wipe(inputUsed: u32): void {
  memory.fill(INPUT, 0, inputUsed);
  memory.fill(BLOCKS, 0, min<u32>(inputUsed + 512, BLOCKS_LENGTH));
  memory.fill(OUTPUT, 0, 64);
  memory.fill(STATE, 0, 64);
  memory.fill(SCHEDULE, 0, 256);
  memory.fill(PRK, 0, 128);
  memory.fill(KEYED, 0, 64);
}
