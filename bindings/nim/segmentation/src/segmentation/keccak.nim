## Keccak-256 with the padding of the original submission (https://keccak.team), as Ethereum and LIP-243 use it; SHA-3 pads otherwise.
import std/[bitops, endians, strutils]

const
  rateBytes = 136
  constants = [0x0000000000000001'u64, 0x0000000000008082'u64, 0x800000000000808a'u64, 0x8000000080008000'u64,
    0x000000000000808b'u64, 0x0000000080000001'u64, 0x8000000080008081'u64, 0x8000000000008009'u64, 0x000000000000008a'u64,
    0x0000000000000088'u64, 0x0000000080008009'u64, 0x000000008000000a'u64, 0x000000008000808b'u64, 0x800000000000008b'u64,
    0x8000000000008089'u64, 0x8000000000008003'u64, 0x8000000000008002'u64, 0x8000000000000080'u64, 0x000000000000800a'u64,
    0x800000008000000a'u64, 0x8000000080008081'u64, 0x8000000000008080'u64, 0x0000000080000001'u64, 0x8000000080008008'u64]

type
  Hash* = array[32, byte]
  State = array[25, uint64]

template oneRound(a, e: untyped, constant: uint64) =
  ## From the 25 lanes of `a` to those of `e`. Lane x + 5y goes to lane y + 5((2x + 3y) mod 5), rotated.
  block:
    let
      c0 = a[0] xor a[5] xor a[10] xor a[15] xor a[20]
      c1 = a[1] xor a[6] xor a[11] xor a[16] xor a[21]
      c2 = a[2] xor a[7] xor a[12] xor a[17] xor a[22]
      c3 = a[3] xor a[8] xor a[13] xor a[18] xor a[23]
      c4 = a[4] xor a[9] xor a[14] xor a[19] xor a[24]
      d0 = c4 xor rotateLeftBits(c1, 1)
      d1 = c0 xor rotateLeftBits(c2, 1)
      d2 = c1 xor rotateLeftBits(c3, 1)
      d3 = c2 xor rotateLeftBits(c4, 1)
      d4 = c3 xor rotateLeftBits(c0, 1)
    template chi(at: int, b0, b1, b2, b3, b4: uint64) =
      let (l0, l1, l2, l3, l4) = (b0, b1, b2, b3, b4)
      e[at] = l0 xor (not l1 and l2)
      e[at + 1] = l1 xor (not l2 and l3)
      e[at + 2] = l2 xor (not l3 and l4)
      e[at + 3] = l3 xor (not l4 and l0)
      e[at + 4] = l4 xor (not l0 and l1)
    chi(0, a[0] xor d0, rotateLeftBits(a[6] xor d1, 44), rotateLeftBits(a[12] xor d2, 43), rotateLeftBits(a[18] xor d3, 21),
      rotateLeftBits(a[24] xor d4, 14))
    e[0] = e[0] xor constant
    chi(5, rotateLeftBits(a[3] xor d3, 28), rotateLeftBits(a[9] xor d4, 20), rotateLeftBits(a[10] xor d0, 3),
      rotateLeftBits(a[16] xor d1, 45), rotateLeftBits(a[22] xor d2, 61))
    chi(10, rotateLeftBits(a[1] xor d1, 1), rotateLeftBits(a[7] xor d2, 6), rotateLeftBits(a[13] xor d3, 25),
      rotateLeftBits(a[19] xor d4, 8), rotateLeftBits(a[20] xor d0, 18))
    chi(15, rotateLeftBits(a[4] xor d4, 27), rotateLeftBits(a[5] xor d0, 36), rotateLeftBits(a[11] xor d1, 10),
      rotateLeftBits(a[17] xor d2, 15), rotateLeftBits(a[23] xor d3, 56))
    chi(20, rotateLeftBits(a[2] xor d2, 62), rotateLeftBits(a[8] xor d3, 55), rotateLeftBits(a[14] xor d4, 39),
      rotateLeftBits(a[15] xor d0, 41), rotateLeftBits(a[21] xor d1, 2))

proc permute(state: var State) =
  var other: State
  for round in countup(0, 23, 2):
    oneRound(state, other, constants[round])
    oneRound(other, state, constants[round + 1])

proc absorb(state: var State, data: ptr UncheckedArray[byte]) {.inline.} =
  for lane in 0 ..< rateBytes div 8:
    var word: uint64
    littleEndian64(addr word, addr data[8 * lane])
    state[lane] = state[lane] xor word
  permute(state)

proc keccak256*(data: openArray[byte]): Hash =
  var state: State
  var at = 0
  while data.len - at >= rateBytes:
    state.absorb(cast[ptr UncheckedArray[byte]](unsafeAddr data[at]))
    at += rateBytes
  var last: array[rateBytes, byte]
  if data.len > at:
    copyMem(addr last, unsafeAddr data[at], data.len - at)
  last[data.len - at] = 0x01
  last[rateBytes - 1] = last[rateBytes - 1] or 0x80
  state.absorb(cast[ptr UncheckedArray[byte]](addr last))
  for lane in 0 ..< 4:
    littleEndian64(addr result[8 * lane], addr state[lane])

proc toHex*(hash: Hash): string =
  for value in hash:
    result.add strutils.toHex(value).toLowerAscii
