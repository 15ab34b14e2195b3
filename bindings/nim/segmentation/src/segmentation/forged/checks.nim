## What true shards must satisfy.
##
## Every position has a place x in the field. With L the polynomial that is zero at the missing places, the sum of c(x) L(x) x^j over the
## places that are there is 0 for every codeword c and each j below the number of checks. A sum over wrong shards is their *syndrome* j;
## it depends on their errors alone. To leave out one more place z means to multiply L by x - z: syndrome j + 1 minus z times syndrome j,
## and one check less.
import std/[math, options]
import ../field
import ./effort
import ./rows
import ./sets

type Checks* = object
  field*: Field
  shardSize*: int
  positions*: seq[int] ## That are there.
  places*: seq[uint16] ## By position.
  weights*: seq[uint16] ## L(x), by position; 0 where nothing is there.
  rows*, available*: int ## How many checks are used, of those available.

const
  maxRows = 256 ## So many checks bound what `locate` costs.
  syndromeShare = 4 ## A quarter of what may be done goes into the syndromes.
  maxColumns = 2_048 ## Keeps sketches of all alternatives within some megabytes.
  spareColumns = 192 ## Random columns for full confidence, whatever a forger changed.

proc initChecks*(forged: ForgedSet, effort: Effort): Checks =
  let (dataCount, parityCount) = (forged.dataCount, forged.parityCount)
  result = Checks(field: field8(), shardSize: forged.shardSize, positions: forged.positions)
  result.places = newSeq[uint16](dataCount + parityCount)
  result.weights = newSeq[uint16](dataCount + parityCount)
  if parityCount > 0:
    result.available = forged.positions.len - dataCount
  if result.available > 0:
    let length = codeLength(dataCount, parityCount)
    if length > 256:
      result.field = field16()
    let parityPlaces = nextPowerOfTwo(parityCount)
    for index in 0 ..< parityCount:
      result.places[dataCount + index] = uint16(index)
    for index in 0 ..< dataCount:
      result.places[index] = uint16(parityPlaces + index)
    # What follows the data is there, and zero.
    var missing = newSeq[uint32](length)
    for place in 0 ..< parityPlaces + dataCount:
      missing[place] = 1
    for position in result.positions:
      missing[result.places[position]] = 0
    let logs = result.field.locatorLogs(missing)
    for position in result.positions:
      result.weights[position] = result.field.exp[logs[result.places[position]]]
  let steps = effort.steps div syndromeShare
  for rows in countdown(min(result.available, maxRows), 1):
    if int64(result.positions.len) * rows * (spareColumns + rows) <= steps:
      result.rows = rows
      break

proc columnsFor*(checks: Checks, alternatives: int, effort: Effort): int =
  ## How many random columns hold what the checks and so many alternatives may change.
  if checks.rows == 0:
    return 0
  let (rows, count) = (float(checks.rows), float(alternatives))
  let needed = max(rows, count / (rows * float(checks.field.bits)))
  # For `locateBeside`, half of the shifts.
  let steps = float(effort.steps) / syndromeShare
  let wanted = min(2 * count / rows, steps / (float(checks.positions.len) * rows) - spareColumns)
  # By the threshold at which random sums of three determine what they are sums of, 1.23 would do.
  min(spareColumns + int(ceil(1.3 * max(needed, wanted))), maxColumns)

proc erase*(
    checks: Checks, syndromes: seq[Row], left: openArray[int], effort: var Effort
): Option[tuple[rest: Checks, syndromes: seq[Row]]] =
  ## The checks that are left, and what they say, without the shards at `left`: fewer than there are checks. None if that takes too long.
  let columns = if syndromes.len > 0: syndromes[0].len else: 0
  if not effort.spend(int64(left.len) * int64(syndromes.len * columns + checks.positions.len)):
    return
  var rest = checks
  var rows = syndromes
  for position in left:
    let place = checks.places[position]
    for index in 1 ..< rows.len:
      var row = rows[index]
      checks.field.addMultiple(row, rows[index - 1], place)
      rows[index - 1] = move row
    discard rows.pop()
    for other in checks.positions:
      rest.weights[other] = checks.field.multiply(rest.weights[other], checks.places[other] xor place)
  rest.positions.setLen 0
  for position in checks.positions:
    if position notin left:
      rest.positions.add position
  rest.rows = rows.len
  rest.available = checks.available - left.len
  some((rest, rows))

proc valueAt*(checks: Checks, polynomial: openArray[uint16], x: uint16): uint16 =
  for index in countdown(polynomial.high, 0):
    result = checks.field.multiply(result, x) xor polynomial[index]
