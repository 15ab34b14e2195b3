## Systems of linear equations over GF(2).
import std/options

type
  Bits* = seq[uint32]
  BinarySolution* = object
    particular*: seq[bool] ## Whether each unknown is set in one solution.
    flips*: seq[seq[int]] ## Unknowns that may be flipped together; all solutions come from the one by such flips, each in one way.

proc hasBit(row: Bits, bit: int): bool =
  (row[bit shr 5] shr (bit and 31) and 1) == 1

proc solveBits*(equations: seq[Bits], unknowns: int): Option[BinarySolution] =
  ## Of an equation, bit i belongs to unknown i, bit `unknowns` is the right side. None if there is no solution.
  var rows = equations
  var pivots, free: seq[int]
  for unknown in 0 ..< unknowns:
    let rank = pivots.len
    var found = rank
    while found < rows.len and not rows[found].hasBit(unknown):
      found += 1
    if found == rows.len:
      free.add unknown
      continue
    swap(rows[rank], rows[found])
    pivots.add unknown
    for index in 0 ..< rows.len:
      if index != rank and rows[index].hasBit(unknown):
        for word in unknown shr 5 ..< rows[index].len:
          rows[index][word] = rows[index][word] xor rows[rank][word]
  for index in pivots.len ..< rows.len:
    if rows[index].hasBit(unknowns):
      return
  var solution = BinarySolution(particular: newSeq[bool](unknowns))
  for rank, pivot in pivots:
    solution.particular[pivot] = rows[rank].hasBit(unknowns)
  for unknown in free:
    var flip = @[unknown]
    for rank, pivot in pivots:
      if rows[rank].hasBit(unknown):
        flip.add pivot
    solution.flips.add flip
  some(solution)
