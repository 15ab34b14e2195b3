## What the candidates of a set say about each other, seen through sketches.
import std/[options, tables]
import ../field
import ./checks
import ./random
import ./rows
import ./sets
import ./sketch

type
  Alternative* = object
    ## A candidate besides the first one of its position.
    position*: int
    index*: int ## Among the candidates, 1 or more.
    change*: Row ## Sketch of what taking it instead of the first one changes.

  Measurement* = object
    syndromes*: seq[Row] ## Of the first candidates together; one row for each check.
    alternatives*: seq[Alternative] ## Those of one position follow each other.

proc measure*(checks: Checks, candidates: Candidates, most, columns: int, draw: var Draw): Measurement =
  ## Looks at `most` candidates of each position.
  # What satisfies no check need not be seen.
  let sketcher = if checks.rows > 0: some(initSketcher(checks, columns, draw)) else: none(Sketcher)
  proc sketchOf(shard: seq[byte]): Row =
    if sketcher.isSome: sketcher.get.sketch(shard) else: @[]
  let width = if sketcher.isSome: sketcher.get.columns else: 0
  for _ in 0 ..< checks.rows:
    result.syndromes.add newSeq[uint16](width)
  for position in checks.positions:
    let first = sketchOf(candidates[position][0])
    var factor = checks.weights[position]
    for syndrome in result.syndromes.mitems:
      checks.field.addMultiple(syndrome, first, factor)
      factor = checks.field.multiply(factor, checks.places[position])
    for index in 1 ..< min(most, candidates[position].len):
      var change = sketchOf(candidates[position][index])
      checks.field.addMultiple(change, first, 1)
      result.alternatives.add Alternative(position: position, index: index, change: change)
