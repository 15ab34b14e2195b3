## SHA-256 (FIPS 180-4), in which vectors/leopard.json gives digests.
import std/[bitops, strutils]

proc primes(count: int): seq[int] =
  var candidate = 2
  while result.len < count:
    block search:
      for prime in result:
        if candidate mod prime == 0:
          break search
      result.add candidate
    candidate += 1

proc fractionOfRoot(number: int, isCube: bool): uint32 =
  ## The first 32 bits behind the point of a square or cube root, by bisection.
  proc power(x: uint64): float64 =
    let value = float64(x) / 4294967296.0
    if isCube: value * value * value else: value * value
  var (low, high) = (0'u64, uint64(number) shl 32)
  while high - low > 1:
    let middle = (low + high) div 2
    if power(middle) <= float64(number): low = middle else: high = middle
  uint32(low and 0xffff_ffff'u64)

proc sha256*(parts: openArray[seq[byte]]): string =
  ## Of the parts together, in hexadecimal.
  var state: array[8, uint32]
  for index, prime in primes(8):
    state[index] = fractionOfRoot(prime, false)
  var constants: array[64, uint32]
  for index, prime in primes(64):
    constants[index] = fractionOfRoot(prime, true)
  var message: seq[byte]
  for part in parts:
    message.add part
  let bits = uint64(message.len) * 8
  message.add 0x80
  while message.len mod 64 != 56:
    message.add 0
  for shift in countdown(56, 0, 8):
    message.add byte(bits shr shift and 0xff)
  for at in countup(0, message.len - 1, 64):
    var w: array[64, uint32]
    for t in 0 ..< 64:
      if t < 16:
        for i in 0 ..< 4:
          w[t] = w[t] shl 8 or uint32(message[at + 4 * t + i])
      else:
        let (x, y) = (w[t - 15], w[t - 2])
        let small = rotateRightBits(x, 7) xor rotateRightBits(x, 18) xor x shr 3
        w[t] = w[t - 16] + small + w[t - 7] + (rotateRightBits(y, 17) xor rotateRightBits(y, 19) xor y shr 10)
    var (a, b, c, d, e, f, g, h) = (state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7])
    for t in 0 ..< 64:
      let one = rotateRightBits(e, 6) xor rotateRightBits(e, 11) xor rotateRightBits(e, 25)
      let first = h + one + ((e and f) xor (not e and g)) + constants[t] + w[t]
      let zero = rotateRightBits(a, 2) xor rotateRightBits(a, 13) xor rotateRightBits(a, 22)
      let second = zero + ((a and b) xor (a and c) xor (b and c))
      (h, g, f, e, d, c, b, a) = (g, f, e, d + first, c, b, a, first + second)
    for index, word in [a, b, c, d, e, f, g, h]:
      state[index] += word
  for word in state:
    result.add toHex(word).toLowerAscii
