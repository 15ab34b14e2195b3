## Stands for a shard by random sums over its symbols. The sums are the same for every shard, so sketches satisfy the checks that shards
## satisfy, and one changed byte shows in three columns that nobody can foresee.
import std/math
import ./checks
import ./random
import ./rows

const
  sumsPerSymbol = 3
  blockSymbols = 32 ## In the 16-bit field, the low bytes of 32 symbols are followed by their high bytes.

type Sketcher* = object
  columns*: int
  shardSize: int
  isWide: bool
  columnsOf: seq[array[sumsPerSymbol, uint16]] ## Of each symbol of a shard; empty for a small shard, which is its own sketch.

proc initSketcher*(checks: Checks, columns: int, draw: var Draw): Sketcher =
  result = Sketcher(shardSize: checks.shardSize, isWide: checks.field.bits == 16)
  let symbols = if result.isWide: checks.shardSize div 2 else: checks.shardSize
  let third = ceilDiv(columns, sumsPerSymbol)
  if symbols <= sumsPerSymbol * third:
    result.columns = symbols
    return
  result.columns = sumsPerSymbol * third
  result.columnsOf.setLen symbols
  for columns in result.columnsOf.mitems:
    # Each in a third of its own, so that the three differ.
    for part in 0 ..< sumsPerSymbol:
      columns[part] = uint16(part * third + int(uint64(draw.next()) * uint64(third) shr 32))

proc sketch*(sketcher: Sketcher, shard: openArray[byte]): Row =
  ## Shorter shards count as if zeros followed.
  result = newSeq[uint16](sketcher.columns)
  template add(index: int, value: uint16) =
    let symbol = value
    if symbol != 0:
      if sketcher.columnsOf.len == 0:
        result[index] = symbol
      else:
        for column in sketcher.columnsOf[index]:
          result[column] = result[column] xor symbol
  let length = min(shard.len, sketcher.shardSize)
  if not sketcher.isWide:
    for index in 0 ..< length:
      add(index, uint16(shard[index]))
    return
  for at in countup(0, length - 1, 2 * blockSymbols):
    for place in 0 ..< blockSymbols:
      let (low, high) = (at + place, at + blockSymbols + place)
      var symbol = if low < length: uint16(shard[low]) else: 0
      if high < length:
        symbol = symbol or uint16(shard[high]) shl 8
      add(at div 2 + place, symbol)
