## Many unpredictable numbers from few unpredictable bytes, by xoshiro128**. Not for keys: nobody sees these numbers.
import std/bitops
import ../field

type Draw* = object
  words: array[4, uint32]

proc initDraw*(seed: openArray[byte]): Draw =
  ## From 16 bytes.
  for place in countdown(15, 0):
    result.words[place div 4] = result.words[place div 4] shl 8 or uint32(seed[place])
  result.words[3] = result.words[3] or 1 # It would stay at zero for ever.

proc next*(draw: var Draw): uint32 =
  template w: untyped = draw.words
  result = rotateLeftBits(w[1] * 5, 7) * 9
  let shifted = w[1] shl 9
  w[2] = w[2] xor w[0]
  w[3] = w[3] xor w[1]
  w[1] = w[1] xor w[2]
  w[0] = w[0] xor w[3]
  w[2] = w[2] xor shifted
  w[3] = rotateLeftBits(w[3], 11)

proc row*(draw: var Draw, field: Field, length: int): seq[uint16] =
  for _ in 0 ..< length:
    result.add uint16(draw.next() shr (32 - field.bits))
