## Parity that equals that of catid's Leopard bit for bit. Data shards follow each other in a payload, whose end may be missing, as if
## zeros followed.
import std/math
import ./field
import ./planes

export codeExists

proc fieldOf(data, parity: int): Field =
  if codeLength(data, parity) <= 256: field8() else: field16()

template shardOf(payload: openArray[byte], index, size: int): untyped =
  payload.toOpenArray(min(index * size, payload.len), min((index + 1) * size, payload.len) - 1)

proc addBytes(sum: var seq[byte], shard: openArray[byte]) =
  for place in 0 ..< shard.len:
    sum[place] = sum[place] xor shard[place]

proc sumGroups(sum, rows: var Rows, payload: openArray[byte], dataCount, size, at: int) =
  ## Coefficients of all groups of data, added up.
  sum.clear()
  for first in countup(0, dataCount - 1, rows.count):
    for index in first ..< first + rows.count:
      # A strip may not reach into the next shard.
      if index < dataCount:
        rows.load(index - first, shardOf(payload, index, size), at)
      else:
        rows.load(index - first, payload.toOpenArray(0, -1), at)
    rows.toCoefficients(rows.count + first)
    sum.addAll(rows)

proc encode*(payload: openArray[byte], dataCount, parityCount, size: int): seq[seq[byte]] =
  ## Parity shards of `size` bytes, a multiple of 64. There is a code.
  result = newSeq[seq[byte]](parityCount)
  for shard in result.mitems:
    shard = newSeq[byte](size)
  if dataCount == 1:
    for shard in result.mitems:
      shard.addBytes(payload)
    return
  if parityCount == 1:
    for index in 0 ..< dataCount:
      result[0].addBytes(shardOf(payload, index, size))
    return
  if parityCount == 0:
    return
  let field = fieldOf(dataCount, parityCount)
  let group = nextPowerOfTwo(parityCount)
  var (sum, rows) = (initRows(field, group), initRows(field, group))
  for at in countup(0, size - 1, stripBytes(field)):
    sumGroups(sum, rows, payload, dataCount, size, at)
    sum.toValues(0)
    for index in 0 ..< parityCount:
      sum.store(index, result[index], at)

proc recoverByField(
    payload: var openArray[byte], lost: seq[int], dataCount: int, parity: openArray[seq[byte]], size: int
) =
  let field = fieldOf(dataCount, parity.len)
  let group = nextPowerOfTwo(parity.len)
  var missing = newSeq[uint32](codeLength(dataCount, parity.len))
  for place in 0 ..< group:
    missing[place] = 1
  var received: seq[int]
  for place, shard in parity:
    if shard.len > 0 and received.len < lost.len:
      received.add place
      missing[place] = 0
  for index in lost:
    missing[group + index] = 1
  let locator = field.locatorLogs(missing)
  var (sum, rows) = (initRows(field, group), initRows(field, group))
  var recovered = newSeq[seq[byte]](lost.len)
  for shard in recovered.mitems:
    shard = newSeq[byte](size)
  var (syndrome, value) = (initRows(field, 1), initRows(field, 1))
  for at in countup(0, size - 1, stripBytes(field)):
    # With s the syndromes, and L zero at the missing places: the polynomial F of degree below `group` that is s(y) L(y) at the places
    # received and zero at the other parity places has F(z) = c(z) L'(z) d(z) at each lost place z, where d(z) is the product of
    # z - y over all parity places y: z / group, of the integers.
    sumGroups(sum, rows, payload, dataCount, size, at)
    sum.toValues(0)
    rows.clear()
    for place in received:
      syndrome.load(0, parity[place], at)
      syndrome.addRow(0, sum, place)
      rows.addProduct(place, syndrome, 0, field.exp[locator[place]])
    rows.toCoefficients(0)
    var point = -1
    for number, index in lost:
      let place = group + index
      let start = place - place mod group
      if start != point:
        point = start
        sum.assign(rows)
        sum.toValues(point)
      let divisor = (int(locator[place]) + int(field.log[start div group])) mod field.modulus
      value.clear()
      value.addProduct(0, sum, place - start, field.exp[field.modulus - divisor])
      value.store(0, recovered[number], at)
  for number, index in lost:
    let length = min(size, payload.len - index * size)
    if length > 0:
      copyMem(addr payload[index * size], addr recovered[number][0], length)

proc recover*(payload: var openArray[byte], lost: seq[int], dataCount: int, parity: openArray[seq[byte]], size: int) =
  ## Puts the lost data shards, which are zero, in their places, from the others and at least as many parity shards; those that are not
  ## there are empty.
  if lost.len == 0:
    return
  if dataCount > 1 and parity.len > 1:
    recoverByField(payload, lost, dataCount, parity, size)
    return
  for shard in parity:
    if shard.len == 0:
      continue
    var sum = shard
    if dataCount > 1:
      for index in 0 ..< dataCount:
        sum.addBytes(shardOf(payload, index, size))
    let first = lost[0] * size
    let length = min(size, payload.len - first)
    if length > 0:
      copyMem(addr payload[first], addr sum[0], length)
    return
