## Finds which alternatives are true where every position has a true candidate.
##
## Whether an alternative is taken is a bit, and syndromes are linear in these bits, so even one check with enough columns gives equations
## for all of them, over GF(2).
import std/[math, options]
import ../field
import ./binary
import ./checks
import ./combinations
import ./effort
import ./measurement
import ./random
import ./rows

const
  spareEquations = 64 ## Beyond the unknowns: the chance that one of 2^64 wrong choices satisfies them all.
  spareColumns = 8 ## So many more than the equations need: a change is hidden from all of them once in 2^64 times or less.

proc innerProduct(field: Field, a, b: openArray[uint16]): uint16 =
  for place in 0 ..< a.len:
    result = result xor field.multiply(a[place], b[place])

proc equationsFor(
    checks: Checks, syndromes: seq[Row], others: seq[Alternative], draw: var Draw, effort: var Effort
): Option[seq[Bits]] =
  ## Rows of bits: one for each alternative, then the wanted sum. An equation is one random combination of checks seen through one random
  ## combination of columns.
  if checks.rows == 0:
    return some(newSeq[Bits]())
  let (unknowns, bits, rows) = (others.len, checks.field.bits, checks.rows)
  # All bits of a symbol but one count: a combination may hide what is there, twice in 2^bits.
  let symbols = ceilDiv(unknowns + spareEquations, bits - 1)
  # A few columns hold as many equations, and are quicker to combine.
  let columns = ceilDiv(symbols, rows) + spareColumns
  let width = syndromes[0].len
  let combining = (rows + unknowns) * columns * (width + symbols) + symbols * unknowns * rows
  # Solving works on 32 unknowns at a time.
  let words = (unknowns shr 5) + 1
  if not effort.spend(combining + unknowns * symbols * bits * words):
    return
  var combinations: seq[Row]
  for _ in 0 ..< columns:
    combinations.add draw.row(checks.field, width)
  proc narrow(row: Row): Row =
    for combination in combinations:
      result.add checks.field.innerProduct(row, combination)
  var sums, changes: seq[Row]
  for syndrome in syndromes:
    sums.add narrow(syndrome)
  for other in others:
    changes.add narrow(other.change)
  var equations: seq[Bits]
  for _ in 0 ..< symbols:
    let (ofChecks, ofColumns) = (draw.row(checks.field, rows), draw.row(checks.field, columns))
    var made = newSeq[Bits](bits)
    for row in made.mitems:
      row = newSeq[uint32](words)
    proc write(index: int, value: uint16) =
      for bit in 0 ..< bits:
        made[bit][index shr 5] = made[bit][index shr 5] or uint32(value shr bit and 1) shl (index and 31)
    var wanted: Row
    for sum in sums:
      wanted.add checks.field.innerProduct(sum, ofColumns)
    write(unknowns, checks.field.innerProduct(wanted, ofChecks))
    for index, other in others:
      let weight = checks.weights[other.position]
      let factor = checks.field.multiply(weight, checks.valueAt(ofChecks, checks.places[other.position]))
      write(index, checks.field.multiply(factor, checks.field.innerProduct(changes[index], ofColumns)))
    equations.add made
  some(equations)

proc choicesOfAlternatives*(
    checks: Checks, syndromes: seq[Row], others: seq[Alternative], draw: var Draw, effort: var Effort, take: Take
): bool =
  ## The choices that satisfy all checks, those nearest to the first candidates first, until one is taken: as places in `others`, the first
  ## candidate elsewhere. Without checks these are all choices there are.
  let system = checks.equationsFor(syndromes, others, draw, effort)
  if system.isNone:
    return
  let solution = solveBits(system.get, others.len)
  if solution.isNone:
    return
  var positions: seq[int]
  for other in others:
    positions.add other.position
  consistentChoices(positions, solution.get, take)
