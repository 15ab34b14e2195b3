/**
 * X25519 (RFC 7748) in WebAssembly: no branch and no address depends on a secret.
 *
 * A number modulo p = 2^255 - 19 is ten signed limbs of 26 and 25 bits by turns, each in 64 bits of memory: limb i counts
 * 2^ceil(25.5 i). A product of two odd limbs so counts double, and what goes beyond 2^255 comes in again 19 times.
 * Bounds: what multiply and square give is carried, with limbs of at most 1.01 * 2^25 (even) and 1.01 * 2^24 (odd) in
 * size. Sums and differences of two such numbers are not carried: twice that. They and a decoded number (2^26 and 2^25)
 * are the largest factors there are, and a sum of ten products of them is below 2^61.
 */

const R26: i64 = 1 << 25;
const R25: i64 = 1 << 24;

const NUMBER: usize = 80;
/** The caller's: the secret, then the public key, 32 bytes each; the shared secret. */
const INPUT: usize = memory.data(64, 16);
const OUTPUT: usize = memory.data(32, 16);
/** Names of RFC 7748, section 5. */
const WORK_LENGTH: usize = 14 * NUMBER;
const WORK: usize = memory.data(1120, 16);
const X1: usize = WORK;
const X2: usize = WORK + NUMBER;
const Z2: usize = WORK + 2 * NUMBER;
const X3: usize = WORK + 3 * NUMBER;
const Z3: usize = WORK + 4 * NUMBER;
const A: usize = WORK + 5 * NUMBER;
const B: usize = WORK + 6 * NUMBER;
const C: usize = WORK + 7 * NUMBER;
const D: usize = WORK + 8 * NUMBER;
const AA: usize = WORK + 9 * NUMBER;
const BB: usize = WORK + 10 * NUMBER;
const E: usize = WORK + 11 * NUMBER;
const T: usize = WORK + 12 * NUMBER;
const U: usize = WORK + 13 * NUMBER;

/** Addresses, for the caller. */
export const input: usize = INPUT;
export const output: usize = OUTPUT;

function multiply(to: usize, f: usize, g: usize): void {
  let f0 = load<i64>(f, 0), f1 = load<i64>(f, 8), f2 = load<i64>(f, 16), f3 = load<i64>(f, 24), f4 = load<i64>(f, 32);
  let f5 = load<i64>(f, 40), f6 = load<i64>(f, 48), f7 = load<i64>(f, 56), f8 = load<i64>(f, 64), f9 = load<i64>(f, 72);
  let g0 = load<i64>(g, 0), g1 = load<i64>(g, 8), g2 = load<i64>(g, 16), g3 = load<i64>(g, 24), g4 = load<i64>(g, 32);
  let g5 = load<i64>(g, 40), g6 = load<i64>(g, 48), g7 = load<i64>(g, 56), g8 = load<i64>(g, 64), g9 = load<i64>(g, 72);
  const f1d = f1 << 1, f3d = f3 << 1, f5d = f5 << 1, f7d = f7 << 1, f9d = f9 << 1;
  const g1w = 19 * g1, g2w = 19 * g2, g3w = 19 * g3, g4w = 19 * g4, g5w = 19 * g5;
  const g6w = 19 * g6, g7w = 19 * g7, g8w = 19 * g8, g9w = 19 * g9;
  let h0 = f0 * g0 + f1d * g9w + f2 * g8w + f3d * g7w + f4 * g6w + f5d * g5w + f6 * g4w + f7d * g3w + f8 * g2w + f9d * g1w;
  let h1 = f0 * g1 + f1 * g0 + f2 * g9w + f3 * g8w + f4 * g7w + f5 * g6w + f6 * g5w + f7 * g4w + f8 * g3w + f9 * g2w;
  let h2 = f0 * g2 + f1d * g1 + f2 * g0 + f3d * g9w + f4 * g8w + f5d * g7w + f6 * g6w + f7d * g5w + f8 * g4w + f9d * g3w;
  let h3 = f0 * g3 + f1 * g2 + f2 * g1 + f3 * g0 + f4 * g9w + f5 * g8w + f6 * g7w + f7 * g6w + f8 * g5w + f9 * g4w;
  let h4 = f0 * g4 + f1d * g3 + f2 * g2 + f3d * g1 + f4 * g0 + f5d * g9w + f6 * g8w + f7d * g7w + f8 * g6w + f9d * g5w;
  let h5 = f0 * g5 + f1 * g4 + f2 * g3 + f3 * g2 + f4 * g1 + f5 * g0 + f6 * g9w + f7 * g8w + f8 * g7w + f9 * g6w;
  let h6 = f0 * g6 + f1d * g5 + f2 * g4 + f3d * g3 + f4 * g2 + f5d * g1 + f6 * g0 + f7d * g9w + f8 * g8w + f9d * g7w;
  let h7 = f0 * g7 + f1 * g6 + f2 * g5 + f3 * g4 + f4 * g3 + f5 * g2 + f6 * g1 + f7 * g0 + f8 * g9w + f9 * g8w;
  let h8 = f0 * g8 + f1d * g7 + f2 * g6 + f3d * g5 + f4 * g4 + f5d * g3 + f6 * g2 + f7d * g1 + f8 * g0 + f9d * g9w;
  let h9 = f0 * g9 + f1 * g8 + f2 * g7 + f3 * g6 + f4 * g5 + f5 * g4 + f6 * g3 + f7 * g2 + f8 * g1 + f9 * g0;
  let c: i64;
  c = (h0 + R26) >> 26; h1 += c; h0 -= c << 26;
  c = (h4 + R26) >> 26; h5 += c; h4 -= c << 26;
  c = (h1 + R25) >> 25; h2 += c; h1 -= c << 25;
  c = (h5 + R25) >> 25; h6 += c; h5 -= c << 25;
  c = (h2 + R26) >> 26; h3 += c; h2 -= c << 26;
  c = (h6 + R26) >> 26; h7 += c; h6 -= c << 26;
  c = (h3 + R25) >> 25; h4 += c; h3 -= c << 25;
  c = (h7 + R25) >> 25; h8 += c; h7 -= c << 25;
  c = (h4 + R26) >> 26; h5 += c; h4 -= c << 26;
  c = (h8 + R26) >> 26; h9 += c; h8 -= c << 26;
  c = (h9 + R25) >> 25; h0 += c * 19; h9 -= c << 25;
  c = (h0 + R26) >> 26; h1 += c; h0 -= c << 26;
  store<i64>(to, h0, 0); store<i64>(to, h1, 8); store<i64>(to, h2, 16); store<i64>(to, h3, 24); store<i64>(to, h4, 32);
  store<i64>(to, h5, 40); store<i64>(to, h6, 48); store<i64>(to, h7, 56); store<i64>(to, h8, 64); store<i64>(to, h9, 72);
}

function square(to: usize, f: usize): void {
  let f0 = load<i64>(f, 0), f1 = load<i64>(f, 8), f2 = load<i64>(f, 16), f3 = load<i64>(f, 24), f4 = load<i64>(f, 32);
  let f5 = load<i64>(f, 40), f6 = load<i64>(f, 48), f7 = load<i64>(f, 56), f8 = load<i64>(f, 64), f9 = load<i64>(f, 72);
  const f0d = f0 << 1, f1d = f1 << 1, f2d = f2 << 1, f3d = f3 << 1, f4d = f4 << 1, f5d = f5 << 1, f6d = f6 << 1, f7d = f7 << 1, f8d = f8 << 1, f9d = f9 << 1;
  const f1q = f1 << 2, f3q = f3 << 2, f5q = f5 << 2, f7q = f7 << 2;
  const f5w = 19 * f5, f6w = 19 * f6, f7w = 19 * f7, f8w = 19 * f8, f9w = 19 * f9;
  let h0 = f0 * f0 + f1q * f9w + f2d * f8w + f3q * f7w + f4d * f6w + f5d * f5w;
  let h1 = f0d * f1 + f2d * f9w + f3d * f8w + f4d * f7w + f5d * f6w;
  let h2 = f0d * f2 + f1d * f1 + f3q * f9w + f4d * f8w + f5q * f7w + f6 * f6w;
  let h3 = f0d * f3 + f1d * f2 + f4d * f9w + f5d * f8w + f6d * f7w;
  let h4 = f0d * f4 + f1q * f3 + f2 * f2 + f5q * f9w + f6d * f8w + f7d * f7w;
  let h5 = f0d * f5 + f1d * f4 + f2d * f3 + f6d * f9w + f7d * f8w;
  let h6 = f0d * f6 + f1q * f5 + f2d * f4 + f3d * f3 + f7q * f9w + f8 * f8w;
  let h7 = f0d * f7 + f1d * f6 + f2d * f5 + f3d * f4 + f8d * f9w;
  let h8 = f0d * f8 + f1q * f7 + f2d * f6 + f3q * f5 + f4 * f4 + f9d * f9w;
  let h9 = f0d * f9 + f1d * f8 + f2d * f7 + f3d * f6 + f4d * f5;
  let c: i64;
  c = (h0 + R26) >> 26; h1 += c; h0 -= c << 26;
  c = (h4 + R26) >> 26; h5 += c; h4 -= c << 26;
  c = (h1 + R25) >> 25; h2 += c; h1 -= c << 25;
  c = (h5 + R25) >> 25; h6 += c; h5 -= c << 25;
  c = (h2 + R26) >> 26; h3 += c; h2 -= c << 26;
  c = (h6 + R26) >> 26; h7 += c; h6 -= c << 26;
  c = (h3 + R25) >> 25; h4 += c; h3 -= c << 25;
  c = (h7 + R25) >> 25; h8 += c; h7 -= c << 25;
  c = (h4 + R26) >> 26; h5 += c; h4 -= c << 26;
  c = (h8 + R26) >> 26; h9 += c; h8 -= c << 26;
  c = (h9 + R25) >> 25; h0 += c * 19; h9 -= c << 25;
  c = (h0 + R26) >> 26; h1 += c; h0 -= c << 26;
  store<i64>(to, h0, 0); store<i64>(to, h1, 8); store<i64>(to, h2, 16); store<i64>(to, h3, 24); store<i64>(to, h4, 32);
  store<i64>(to, h5, 40); store<i64>(to, h6, 48); store<i64>(to, h7, 56); store<i64>(to, h8, 64); store<i64>(to, h9, 72);
}

/** (A - 2) / 4 = 121665 times `f`. */
function multiplyA24(to: usize, f: usize): void {
  let h0 = 121665 * load<i64>(f, 0), h1 = 121665 * load<i64>(f, 8), h2 = 121665 * load<i64>(f, 16), h3 = 121665 * load<i64>(f, 24), h4 = 121665 * load<i64>(f, 32);
  let h5 = 121665 * load<i64>(f, 40), h6 = 121665 * load<i64>(f, 48), h7 = 121665 * load<i64>(f, 56), h8 = 121665 * load<i64>(f, 64), h9 = 121665 * load<i64>(f, 72);
  let c: i64;
  c = (h0 + R26) >> 26; h1 += c; h0 -= c << 26;
  c = (h4 + R26) >> 26; h5 += c; h4 -= c << 26;
  c = (h1 + R25) >> 25; h2 += c; h1 -= c << 25;
  c = (h5 + R25) >> 25; h6 += c; h5 -= c << 25;
  c = (h2 + R26) >> 26; h3 += c; h2 -= c << 26;
  c = (h6 + R26) >> 26; h7 += c; h6 -= c << 26;
  c = (h3 + R25) >> 25; h4 += c; h3 -= c << 25;
  c = (h7 + R25) >> 25; h8 += c; h7 -= c << 25;
  c = (h4 + R26) >> 26; h5 += c; h4 -= c << 26;
  c = (h8 + R26) >> 26; h9 += c; h8 -= c << 26;
  c = (h9 + R25) >> 25; h0 += c * 19; h9 -= c << 25;
  c = (h0 + R26) >> 26; h1 += c; h0 -= c << 26;
  store<i64>(to, h0, 0); store<i64>(to, h1, 8); store<i64>(to, h2, 16); store<i64>(to, h3, 24); store<i64>(to, h4, 32);
  store<i64>(to, h5, 40); store<i64>(to, h6, 48); store<i64>(to, h7, 56); store<i64>(to, h8, 64); store<i64>(to, h9, 72);
}

function add(to: usize, f: usize, g: usize): void {
  for (let i: usize = 0; i < NUMBER; i += 8) store<i64>(to + i, load<i64>(f + i) + load<i64>(g + i));
}

function subtract(to: usize, f: usize, g: usize): void {
  for (let i: usize = 0; i < NUMBER; i += 8) store<i64>(to + i, load<i64>(f + i) - load<i64>(g + i));
}

/** Exchanges f and g if `bit` is 1, and does the same work if it is 0. */
function exchange(bit: i64, f: usize, g: usize): void {
  const mask = -bit;
  for (let i: usize = 0; i < NUMBER; i += 8) {
    const difference = mask & (load<i64>(f + i) ^ load<i64>(g + i));
    store<i64>(f + i, load<i64>(f + i) ^ difference);
    store<i64>(g + i, load<i64>(g + i) ^ difference);
  }
}

function squareTimes(to: usize, f: usize, times: u32): void {
  square(to, f);
  for (let i: u32 = 1; i < times; i++) square(to, to);
}

/** f^(p - 2), so 0 for 0. The comments are exponents. Uses A to E. */
function invert(to: usize, f: usize): void {
  square(A, f); // 2
  squareTimes(B, A, 2); // 8
  multiply(B, f, B); // 9
  multiply(A, A, B); // 11
  square(C, A); // 22
  multiply(B, B, C); // 2^5 - 1
  squareTimes(C, B, 5);
  multiply(B, C, B); // 2^10 - 1
  squareTimes(C, B, 10);
  multiply(C, C, B); // 2^20 - 1
  squareTimes(D, C, 20);
  multiply(C, D, C); // 2^40 - 1
  squareTimes(C, C, 10);
  multiply(B, C, B); // 2^50 - 1
  squareTimes(C, B, 50);
  multiply(C, C, B); // 2^100 - 1
  squareTimes(D, C, 100);
  multiply(C, D, C); // 2^200 - 1
  squareTimes(C, C, 50);
  multiply(B, C, B); // 2^250 - 1
  squareTimes(B, B, 5); // 2^255 - 2^5
  multiply(to, B, A); // 2^255 - 21
}

/** The `width` bits from bit `offset` on; what is loaded beyond them is masked away. */
// @ts-ignore: decorator
@inline
function bits(from: usize, offset: u32, width: u32): i64 {
  return <i64>((load<u64>(from + (offset >> 3)) >> <u64>(offset & 7)) & ((1 << <u64>width) - 1));
}

/** Bit 255 is left out, as RFC 7748 asks. */
function decode(to: usize, from: usize): void {
  store<i64>(to, bits(from, 0, 26), 0);
  store<i64>(to, bits(from, 26, 25), 8);
  store<i64>(to, bits(from, 51, 26), 16);
  store<i64>(to, bits(from, 77, 25), 24);
  store<i64>(to, bits(from, 102, 26), 32);
  store<i64>(to, bits(from, 128, 25), 40);
  store<i64>(to, bits(from, 153, 26), 48);
  store<i64>(to, bits(from, 179, 25), 56);
  store<i64>(to, bits(from, 204, 26), 64);
  store<i64>(to, bits(from, 230, 25), 72);
}

/** The one number below p. `f` is carried. */
function encode(to: usize, f: usize): void {
  let h0 = load<i64>(f, 0), h1 = load<i64>(f, 8), h2 = load<i64>(f, 16), h3 = load<i64>(f, 24), h4 = load<i64>(f, 32);
  let h5 = load<i64>(f, 40), h6 = load<i64>(f, 48), h7 = load<i64>(f, 56), h8 = load<i64>(f, 64), h9 = load<i64>(f, 72);
  // q = how many times p fits in, found by carrying 19 h9 / 2^25 through from below
  let q = (19 * h9 + R25) >> 25;
  q = (h0 + q) >> 26; q = (h1 + q) >> 25; q = (h2 + q) >> 26; q = (h3 + q) >> 25; q = (h4 + q) >> 26;
  q = (h5 + q) >> 25; q = (h6 + q) >> 26; q = (h7 + q) >> 25; q = (h8 + q) >> 26; q = (h9 + q) >> 25;
  h0 += 19 * q;
  let c: i64;
  c = h0 >> 26; h1 += c; h0 -= c << 26;
  c = h1 >> 25; h2 += c; h1 -= c << 25;
  c = h2 >> 26; h3 += c; h2 -= c << 26;
  c = h3 >> 25; h4 += c; h3 -= c << 25;
  c = h4 >> 26; h5 += c; h4 -= c << 26;
  c = h5 >> 25; h6 += c; h5 -= c << 25;
  c = h6 >> 26; h7 += c; h6 -= c << 26;
  c = h7 >> 25; h8 += c; h7 -= c << 25;
  c = h8 >> 26; h9 += c; h8 -= c << 26;
  c = h9 >> 25; h9 -= c << 25; // what is carried out is q times 2^255, which goes
  store<i64>(to, h0 | (h1 << 26) | (h2 << 51), 0);
  store<i64>(to, (h2 >> 13) | (h3 << 13) | (h4 << 38), 8);
  store<i64>(to, h5 | (h6 << 25) | (h7 << 51), 16);
  store<i64>(to, (h7 >> 13) | (h8 << 12) | (h9 << 38), 24);
}

/** X25519 of the secret and the public key at `input`, to `output`. The secret is clamped here. */
export function x25519(): void {
  store<u8>(INPUT, load<u8>(INPUT, 0) & 0xf8, 0);
  store<u8>(INPUT, (load<u8>(INPUT, 31) & 0x7f) | 0x40, 31);
  decode(X1, INPUT + 32);
  memory.fill(X2, 0, 4 * NUMBER);
  store<i64>(X2, 1);
  memory.copy(X3, X1, NUMBER);
  store<i64>(Z3, 1);
  let swap: i64 = 0;
  for (let position: i32 = 254; position >= 0; position--) {
    const bit = <i64>((load<u8>(INPUT + (position >> 3)) >> <u8>(position & 7)) & 1);
    swap ^= bit;
    exchange(swap, X2, X3);
    exchange(swap, Z2, Z3);
    swap = bit;
    add(A, X2, Z2);
    subtract(B, X2, Z2);
    add(C, X3, Z3);
    subtract(D, X3, Z3);
    square(AA, A);
    square(BB, B);
    multiply(D, D, A);
    multiply(C, C, B);
    subtract(E, AA, BB);
    add(T, D, C);
    square(X3, T);
    subtract(T, D, C);
    square(U, T);
    multiply(Z3, X1, U);
    multiply(X2, AA, BB);
    multiplyA24(T, E);
    add(T, AA, T);
    multiply(Z2, E, T);
  }
  exchange(swap, X2, X3);
  exchange(swap, Z2, Z3);
  invert(T, Z2);
  multiply(X2, X2, T);
  encode(OUTPUT, X2);
}

/** Overwrites everything. */
export function wipe(): void {
  memory.fill(INPUT, 0, 64);
  memory.fill(OUTPUT, 0, 32);
  memory.fill(WORK, 0, WORK_LENGTH);
}
