## The two finite fields of Leopard Reed-Solomon. An element is written in a Cantor basis v of its field, so that bit i of the number
## stands for v[i].
import std/math

const
  maxPlaces* = 65_536 ## Places of the largest code.
  cantor8 = [1'u16, 214, 152, 146, 86, 200, 88, 230]
  cantor16 = [0x0001'u16, 0xacca, 0x3c0e, 0x163e, 0xc582, 0xed2e, 0x914c, 0x4012, 0x6c98, 0x10d8, 0x6a72, 0xb900, 0xfdb8,
    0xfb34, 0xff38, 0x991e]

type Field* = ref object
  ## One of them. `log[0]` means nothing; `exp` has twice as many entries, so that a sum of logarithms needs no reduction.
  bits*, modulus*: int
  log*, exp*: seq[uint16]

proc newField(bits, polynomial: int, basis: openArray[uint16]): Field =
  let modulus = (1 shl bits) - 1
  # Logarithms of the usual representation, by powers of x.
  var powerOf = newSeq[uint16](modulus + 1)
  var element = 1
  for power in 0 ..< modulus:
    powerOf[element] = uint16(power)
    element = element shl 1
    if element > modulus:
      element = element xor polynomial
  var usual = newSeq[uint16](modulus + 1)
  for bit, vector in basis:
    for low in 0 ..< 1 shl bit:
      usual[(1 shl bit) + low] = usual[low] xor vector
  result = Field(bits: bits, modulus: modulus)
  result.log = newSeq[uint16](modulus + 1)
  result.exp = newSeq[uint16](2 * modulus + 1)
  for element in 1 .. modulus:
    let power = powerOf[usual[element]]
    result.log[element] = power
    result.exp[power] = uint16(element)
    result.exp[int(power) + modulus] = uint16(element)
  result.exp[2 * modulus] = result.exp[0]

var narrow, wide {.threadvar.}: Field

proc field8*(): Field =
  ## That of codes of up to 256 places.
  if narrow.isNil:
    narrow = newField(8, 0x11d, cantor8)
  narrow

proc field16*(): Field =
  ## That of larger codes.
  if wide.isNil:
    wide = newField(16, 0x1_002d, cantor16)
  wide

proc codeLength*(data, parity: int): int =
  ## Of a code: parity takes the first np2(parity), data follow, the rest stays zero.
  nextPowerOfTwo(nextPowerOfTwo(parity) + data)

proc codeExists*(data, parity: int): bool =
  ## Whether Leopard has a code of these counts.
  parity in 1 .. data and data <= maxPlaces and codeLength(data, parity) <= maxPlaces

proc multiply*(field: Field, a, b: uint16): uint16 {.inline.} =
  if a == 0 or b == 0: 0'u16
  else: field.exp[int(field.log[a]) + int(field.log[b])]

proc inverse*(field: Field, a: uint16): uint16 =
  ## Of an element that is not 0.
  field.exp[field.modulus - int(field.log[a])]

proc walshHadamard(field: Field, values: var seq[uint32]) =
  let modulus = uint32(field.modulus)
  var half = 1
  while half < values.len:
    for start in countup(0, values.len - 1, 2 * half):
      for place in start ..< start + half:
        let (a, b) = (values[place], values[place + half])
        let (sum, difference) = (a + b, a + modulus - b)
        values[place] = if sum >= modulus: sum - modulus else: sum
        values[place + half] = if difference >= modulus: difference - modulus else: difference
    half *= 2

proc locatorLogs*(field: Field, missing: seq[uint32]): seq[uint32] =
  ## For each place x the logarithm of the product of x - z over the missing places z other than x. `missing` is a power of two long, and
  ## 1 for each missing place.
  let length = missing.len
  # x - z is x XOR z here, so the sum of log(x XOR z) is a convolution that a Walsh-Hadamard transform makes a product.
  var logs = newSeq[uint32](length)
  for place in 0 ..< length:
    logs[place] = uint32(field.log[place])
  result = missing
  field.walshHadamard(result)
  field.walshHadamard(logs)
  # The transform is its own inverse but for a factor of length; 2^bits is 1 modulo 2^bits - 1.
  let undo = uint64((field.modulus + 1) div length)
  for place in 0 ..< length:
    result[place] = uint32(uint64(result[place]) * uint64(logs[place]) mod uint64(field.modulus) * undo mod uint64(field.modulus))
  field.walshHadamard(result)
