/**
 * MurmurHash3 (x86, 32 bits, seed 0): the hash behind the Bloom filters of other SDS implementations.
 * Not a cryptographic hash: whoever chooses ids can make them collide, so nothing definite rests on it.
 * @module
 */

/** @param units - numbers of which each is taken as one byte, as in the original; returned signed */
export function murmur3(units: readonly number[]): number {
  const blocksEnd = units.length & ~3;
  let hash = 0;
  for (let at = 0; at < blocksEnd; at += 4) {
    hash ^= scramble(word(units, at, 4));
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  hash ^= scramble(word(units, blocksEnd, units.length - blocksEnd));
  hash ^= units.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** Little-endian. */
function word(units: readonly number[], start: number, length: number): number {
  let value = 0;
  for (let at = start + length - 1; at >= start; at -= 1) value = (value << 8) | (units[at] ?? 0);
  return value;
}

function scramble(value: number): number {
  const mixed = Math.imul(value, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}
