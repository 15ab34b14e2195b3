## Goes through the solutions in which no position has two alternatives at once.
##
## Flips that share no position do not concern each other. They are sorted out group by group, because a forger can make many small groups
## at little cost, which together have too many combinations to look at.
import std/[algorithm, bitops, tables]
import ./binary

const maxCombinations = 1_024 ## Combinations of flips looked at in one group; no budget for the hash reaches further.

type
  Group = object
    unknowns: seq[int]
    flips: seq[int] ## Their indexes in the solution.
  Options = seq[seq[int]] ## Of one group: the unknowns set in each solution, fewest first.
  Take* = proc (taken: seq[int]): bool

proc groupsOf(positions: openArray[int], flips: seq[seq[int]]): seq[Group] =
  ## Unknowns of one position are in one group, and so are those that one flip joins.
  var parents: Table[int, int]
  proc rootOf(position: int): int =
    result = position
    while result in parents:
      result = parents[result]
  for flip in flips:
    for other in flip[1 .. ^1]:
      let (root, joined) = (rootOf(positions[other]), rootOf(positions[flip[0]]))
      if root != joined:
        parents[root] = joined
  var places: Table[int, int]
  for unknown, position in positions:
    let place = places.mgetOrPut(rootOf(position), result.len)
    if place == result.len:
      result.add Group()
    result[place].unknowns.add unknown
  for number, flip in flips:
    result[places[rootOf(positions[flip[0]])]].flips.add number

proc optionsOf(positions: openArray[int], solution: BinarySolution, group: Group): Options =
  var isSet = solution.particular
  let combinations = if group.flips.len < 10: 1 shl group.flips.len else: maxCombinations
  for combination in 1 .. combinations:
    var option: seq[int]
    for unknown in group.unknowns:
      if isSet[unknown]:
        option.add unknown
    # Unknowns of one position follow each other.
    var isConsistent = true
    for place in 1 ..< option.len:
      if positions[option[place - 1]] == positions[option[place]]:
        isConsistent = false
    if isConsistent:
      result.add option
    # In the order of a Gray code, the next combination differs by one flip.
    if combination < combinations:
      for unknown in solution.flips[group.flips[countTrailingZeroBits(combination)]]:
        isSet[unknown] = not isSet[unknown]
  result.sort(proc (a, b: seq[int]): int = cmp(a.len, b.len)) # A stable sort.

proc pick(groups: openArray[Options], deviations: int, before: seq[int], take: Take): bool =
  ## All ways to take another option than the first in just `deviations` of the groups.
  var before = before
  if deviations == 0:
    for options in groups:
      before.add options[0]
    return take(before)
  for index, options in groups:
    if groups.len - index < deviations:
      break
    for option in options[1 .. ^1]:
      if pick(groups.toOpenArray(index + 1, groups.high), deviations - 1, before & option, take):
        return true
    before.add options[0]

proc consistentChoices*(positions: openArray[int], solution: BinarySolution, take: Take): bool =
  ## Gives the unknowns that are set in each such solution, first what is nearest to none in every group, until one is taken. `positions`: of
  ## each unknown.
  var fixed: seq[int]
  var open: seq[Options]
  for group in groupsOf(positions, solution.flips):
    let options = optionsOf(positions, solution, group)
    case options.len
    of 0: return false
    of 1: fixed.add options[0]
    else: open.add options
  for deviations in 0 .. open.len:
    if pick(open, deviations, fixed, take):
      return true
