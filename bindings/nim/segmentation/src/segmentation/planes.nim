## Symbols of a shard in planes of bits: plane i of a strip holds bit i of each symbol, so that a multiplication by a constant, which is
## linear, is a few dozen XORs of whole arrays. Compilers make vector instructions of these without being asked.
import std/bitops
import ./field

const planeWords* = 32 ## Words of a plane in one strip.

type
  Words = ptr UncheckedArray[uint64]
  Rows* = object
    ## Strips of several shards. Row `i` has `field.bits` planes.
    field: Field
    count*, rowWords: int
    words: seq[uint64]

proc initRows*(field: Field, count: int): Rows =
  ## All zero.
  let rowWords = field.bits * planeWords
  Rows(field: field, count: count, rowWords: rowWords, words: newSeq[uint64](count * rowWords))

proc stripBytes*(field: Field): int =
  ## Bytes of a shard that are worked on at a time.
  8 * field.bits * planeWords

template row(rows: Rows, index: int): Words =
  cast[Words](unsafeAddr rows.words[index * rows.rowWords])

proc clear*(rows: var Rows) =
  zeroMem(addr rows.words[0], 8 * rows.words.len)

proc assign*(rows: var Rows, other: Rows) =
  ## To as many rows of the same field, without a new allocation.
  copyMem(addr rows.words[0], unsafeAddr other.words[0], 8 * rows.words.len)

proc addWords(sum, source: Words, count: int) {.inline.} =
  for word in 0 ..< count:
    sum[word] = sum[word] xor source[word]

proc addAll*(sum: var Rows, other: Rows) =
  addWords(row(sum, 0), row(other, 0), sum.words.len)

proc addRow*(rows: var Rows, index: int, other: Rows, source: int) =
  addWords(row(rows, index), row(other, source), rows.rowWords)

proc addProduct(sum, source: Words, products: openArray[uint16], bits: int) =
  for bit in 0 ..< bits:
    let plane = cast[Words](addr sum[bit * planeWords])
    var inputs: array[20, Words]
    var count = 0
    for input in 0 ..< bits:
      inputs[count] = cast[Words](addr source[input * planeWords])
      count += int(products[input] shr bit and 1)
    var first = 0
    while count - first >= 4:
      let (a, b, c, d) = (inputs[first], inputs[first + 1], inputs[first + 2], inputs[first + 3])
      for word in 0 ..< planeWords:
        plane[word] = plane[word] xor a[word] xor b[word] xor c[word] xor d[word]
      first += 4
    while first < count:
      addWords(plane, inputs[first], planeWords)
      first += 1

proc productsOf(field: Field, factor: uint16): array[16, uint16] =
  ## Those of the basis elements.
  for bit in 0 ..< field.bits:
    result[bit] = field.multiply(factor, 1'u16 shl bit)

proc addProduct*(rows: var Rows, index: int, other: Rows, source: int, factor: uint16) =
  ## Row `index` += `factor` × row `source` of `other`.
  addProduct(row(rows, index), row(other, source), rows.field.productsOf(factor), rows.field.bits)

proc transpose(planes: Words) =
  ## Bits of eight words across words, byte by byte; its own inverse.
  template swap(distance: int, mask: uint64) =
    for first in countup(0, 7, 2 * distance):
      for plane in first ..< first + distance:
        let low = cast[Words](addr planes[plane * planeWords])
        let high = cast[Words](addr planes[(plane + distance) * planeWords])
        for word in 0 ..< planeWords:
          let swapped = (low[word] shr distance xor high[word]) and mask
          high[word] = high[word] xor swapped
          low[word] = low[word] xor swapped shl distance
  swap(4, 0x0f0f_0f0f_0f0f_0f0f'u64)
  swap(2, 0x3333_3333_3333_3333'u64)
  swap(1, 0x5555_5555_5555_5555'u64)

const
  blockBytes = 64
  halfWords = 4 ## In the field of 65,536 elements, the low bytes of 32 symbols are followed by their high bytes.

proc load*(rows: var Rows, index: int, shard: openArray[byte], at: int) =
  ## A strip of a shard; zeros behind its end. Words are little-endian, as everywhere that Nim is used; it makes no difference, since only
  ## bytes keep their places.
  let planes = row(rows, index)
  let length = clamp(shard.len - at, 0, stripBytes(rows.field))
  if rows.field.bits == 8:
    if length > 0:
      copyMem(planes, unsafeAddr shard[at], length)
    if length < 8 * rows.rowWords:
      zeroMem(addr cast[ptr UncheckedArray[byte]](planes)[length], 8 * rows.rowWords - length)
    transpose(planes)
    return
  let high = cast[Words](addr planes[8 * planeWords])
  for part in 0 ..< rows.rowWords div (2 * halfWords):
    var words: array[2 * halfWords, uint64]
    let size = clamp(length - part * blockBytes, 0, blockBytes)
    if size > 0:
      copyMem(addr words, unsafeAddr shard[at + part * blockBytes], size)
    for word in 0 ..< halfWords:
      planes[part * halfWords + word] = words[word]
      high[part * halfWords + word] = words[halfWords + word]
  transpose(planes)
  transpose(high)

proc store*(rows: var Rows, index: int, shard: var openArray[byte], at: int) =
  ## The other way; spoils the row.
  let planes = row(rows, index)
  let length = clamp(shard.len - at, 0, stripBytes(rows.field))
  if length == 0:
    return
  transpose(planes)
  if rows.field.bits == 8:
    copyMem(addr shard[at], planes, length)
    return
  let high = cast[Words](addr planes[8 * planeWords])
  transpose(high)
  for part in 0 ..< (length + blockBytes - 1) div blockBytes:
    var words: array[2 * halfWords, uint64]
    for word in 0 ..< halfWords:
      words[word] = planes[part * halfWords + word]
      words[halfWords + word] = high[part * halfWords + word]
    copyMem(addr shard[at + part * blockBytes], addr words, min(blockBytes, length - part * blockBytes))

proc toCoefficients*(rows: var Rows, point: int) =
  ## The transforms of Lin, Chung and Han between the values of a polynomial at consecutive elements and its coefficients in their basis
  ## ("Novel Polynomial Basis and Its Application to Reed-Solomon Erasure Codes", 2014): from the values at `point` and behind it.
  var (distance, layer) = (1, 0)
  while distance < rows.count:
    for start in countup(0, rows.count - 1, 2 * distance):
      let products = rows.field.productsOf(uint16((point + start) shr layer))
      for low in start ..< start + distance:
        let (a, b) = (row(rows, low), row(rows, low + distance))
        addWords(b, a, rows.rowWords)
        addProduct(a, b, products, rows.field.bits)
    distance *= 2
    layer += 1

proc toValues*(rows: var Rows, point: int) =
  ## The other way.
  var (distance, layer) = (rows.count div 2, fastLog2(rows.count) - 1)
  while distance >= 1:
    for start in countup(0, rows.count - 1, 2 * distance):
      let products = rows.field.productsOf(uint16((point + start) shr layer))
      for low in start ..< start + distance:
        let (a, b) = (row(rows, low), row(rows, low + distance))
        addProduct(a, b, products, rows.field.bits)
        addWords(b, a, rows.rowWords)
    distance = distance div 2
    layer -= 1
