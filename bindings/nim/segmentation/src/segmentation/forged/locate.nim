## Finds positions where no candidate is true, from the syndromes alone.
##
## The syndromes of t wrong shards satisfy one linear recurrence, the same in every column, whose polynomial is zero at their t places. With
## a polynomial of degree d at most, r checks give r - d shifts of the recurrence.
import std/[math, options]
import ./checks
import ./effort
import ./measurement
import ./random
import ./rows

proc shortestRecurrence(echelon: var Echelon, rows: seq[Row]): Option[Row] =
  ## The coefficients, lowest first, of a sum of `rows` that is nothing but rows of `echelon`: with the fewest rows.
  for order, row in rows:
    # The mark tells which rows it took to bring this one to nothing.
    var marked = row
    marked.setLen(row.len + rows.len)
    marked[row.len + order] = 1
    if not echelon.insert(marked, row.len):
      return some(marked[row.len .. row.len + order])

proc zerosOf(checks: Checks, polynomial: Row): Option[seq[int]] =
  ## The positions where `polynomial` is zero, if they are as many as its degree.
  var zeros: seq[int]
  for position in checks.positions:
    if checks.valueAt(polynomial, checks.places[position]) == 0:
      zeros.add position
  if zeros.len == polynomial.len - 1:
    return some(zeros)

proc locate*(checks: Checks, syndromes: seq[Row], effort: var Effort): Option[seq[int]] =
  ## Wrong positions, if there are no others with the same syndromes: fewer than there are checks. With s the rank of the syndromes, which is
  ## that of the errors, these are at most (r + s - 1) / 2: r / 2 where one column holds all errors, r - 1 where none depends on the others.
  ## Source: Roth and Vontobel, "Coding for combined block-symbol error correction" (2014); for s = t Metzner and Kapturowski (1990).
  # Of independent columns there are at most as many as rows.
  if not effort.spend(checks.rows * checks.rows * syndromes[0].len):
    return
  var independent = initEchelon(checks.field)
  for syndrome in syndromes:
    var row = syndrome
    discard independent.insert(row, row.len)
  let pivots = independent.pivots
  if pivots.len == 0:
    return some(newSeq[int]())
  let degree = (checks.rows + pivots.len - 1) div 2
  if not effort.spend(degree * degree * (checks.rows - degree) * pivots.len):
    return
  var shifts: seq[Row]
  for order in 0 .. degree:
    var shift: Row
    for number in order ..< order + checks.rows - degree:
      # These columns tell as much as all.
      for pivot in pivots:
        shift.add syndromes[number][pivot]
    shifts.add shift
  var echelon = initEchelon(checks.field)
  let recurrence = shortestRecurrence(echelon, shifts)
  if recurrence.isSome:
    return checks.zerosOf(recurrence.get)

proc locateBeside*(
    checks: Checks, measured: Measurement, isAlignmentPossible: bool, draw: var Draw, effort: var Effort
): Option[seq[int]] =
  ## The same where every other position may have alternatives that would account for its part of the syndromes: an unknown multiple of each
  ## change is allowed for. Where alignment is possible it finds at most r / 2, also where many shards were changed in the same columns; else
  ## almost as many as there are checks, if nearly all changes are independent.
  let (columns, count) = (measured.syndromes[0].len, measured.alternatives.len)
  if columns == 0 or count == 0:
    return
  # Each combination of shifts gives one equation for each column.
  proc combinationsFor(degree: int): int =
    int(ceil(1.3 * float(count + degree + 1) / float(columns)))
  let degree = if isAlignmentPossible: checks.rows div 2 else: checks.rows - combinationsFor(checks.rows)
  if degree < 1:
    return
  let (shifts, needed) = (checks.rows - degree, combinationsFor(degree))
  if needed > shifts or not effort.spend((count + degree) * (count + degree) * needed * columns):
    return
  var combinations: seq[Row]
  for _ in 0 ..< needed:
    combinations.add draw.row(checks.field, shifts)
  var explained = initEchelon(checks.field)
  for other in measured.alternatives:
    # Room for the mark of `shortestRecurrence`.
    var row = newSeq[uint16](needed * columns + degree + 1)
    for number, combination in combinations:
      let factor = checks.valueAt(combination, checks.places[other.position])
      checks.field.addMultiple(row.toOpenArray(number * columns, (number + 1) * columns - 1), other.change, factor)
    discard explained.insert(row, row.len)
  var shifted: seq[Row]
  for order in 0 .. degree:
    var row = newSeq[uint16](needed * columns)
    for number, combination in combinations:
      for shift, factor in combination:
        checks.field.addMultiple(
          row.toOpenArray(number * columns, (number + 1) * columns - 1), measured.syndromes[order + shift], factor
        )
    shifted.add row
  let recurrence = shortestRecurrence(explained, shifted)
  if recurrence.isSome:
    return checks.zerosOf(recurrence.get)
