## Rows of field elements: adding multiples, and bringing rows into echelon form.
import ../field

type
  Row* = seq[uint16]
  Echelon* = object
    ## Rows that do not depend on each other. Each has 1 at its pivot, 0 before it, and 0 at the pivots of the rows before it.
    field: Field
    rows: seq[Row]
    pivots*: seq[int]

proc addMultiple*(field: Field, target: var openArray[uint16], source: openArray[uint16], factor: uint16, start = 0) =
  ## Adds `factor` times `source` to `target`; `source` is 0 before `start`.
  if factor == 0:
    return
  # Two small tables are quicker than logarithms, which do not fit the first cache.
  var low, high: array[256, uint16]
  for bit in 0 ..< 8:
    let width = 1 shl bit
    let lowBit = field.multiply(factor, uint16(width))
    let highBit = if field.bits == 16: field.multiply(factor, uint16(width shl 8)) else: 0'u16
    for index in 0 ..< width:
      low[width + index] = low[index] xor lowBit
      high[width + index] = high[index] xor highBit
  for place in start ..< min(target.len, source.len):
    target[place] = target[place] xor low[source[place] and 0xff] xor high[source[place] shr 8]

proc initEchelon*(field: Field): Echelon =
  Echelon(field: field)

proc insert*(echelon: var Echelon, row: var Row, width: int): bool =
  ## Reduces `row` and keeps it, unless nothing of it is left. `width`: columns that count; what follows them is only carried along.
  for number, pivot in echelon.pivots:
    echelon.field.addMultiple(row, echelon.rows[number], row[pivot], pivot)
  for pivot in 0 ..< width:
    if row[pivot] != 0:
      var scaled = newSeq[uint16](row.len)
      echelon.field.addMultiple(scaled, row, echelon.field.inverse(row[pivot]), pivot)
      echelon.rows.add scaled
      echelon.pivots.add pivot
      return true
