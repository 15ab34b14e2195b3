## Finds the true shards of a set that holds forged ones.
##
## True shards together satisfy the checks of the erasure code, and all symbols of one shard are wrong together, so a few random sums over its
## columns stand for it (`sketch.nim`). Linear algebra then tells what is forged: where no candidate is true (`locate.nim`), where one of
## several is (`alternatives.nim`), and both in one set. The hash of the payload is asked only about choices that satisfy every check: that is
## one, unless the forger sent codewords himself. LIP-243 has no defence of its own.
import std/[algorithm, options, sets, tables]
import ./alternatives
import ./checks
import ./effort
import ./locate
import ./measurement
import ./random
import ./sets as forgeries

const maxAlternatives = 4_096 ## More than this are not looked at: the set is searched as if there were none.

type
  Search* = object
    forged: ForgedSet
    draw: Draw
    attempts: int
    effort*: Effort
  Name = seq[(int, int)]

proc initSearch*(forged: ForgedSet, seed: openArray[byte], attempts: int, steps: int64): Search =
  ## `seed`: 16 unpredictable bytes, for a forger who knew it could hide what he changed. `attempts`: choices that are tried at most.
  ## `steps`: for all the rest.
  Search(forged: forged, draw: initDraw(seed), attempts: attempts, effort: Effort(steps: steps))

proc nameOf(forged: ForgedSet, choice: Choice): Name =
  ## Equal for choices that decode alike: where all data are chosen, parity does not count.
  var hasAllData = true
  for position in 0 ..< forged.dataCount:
    if position notin forged.candidates[] or choice.getOrDefault(position) == lost:
      hasAllData = false
      break
  for position, taken in choice:
    if not hasAllData or position < forged.dataCount:
      result.add (position, taken)
  result.sort()

proc choicesWithout(
    search: var Search, left: openArray[int], checks: Checks, measured: Measurement, take: Try
): bool =
  ## The choices that satisfy all checks if nothing is true at `left`.
  let erased = checks.erase(measured.syndromes, left, search.effort)
  if erased.isNone:
    return
  var others: seq[Alternative]
  for other in measured.alternatives:
    if other.position notin left:
      others.add other
  let gone = @left
  proc takeAlternatives(taken: seq[int]): bool =
    var choice: Choice
    for position in gone:
      choice[position] = lost
    for index in taken:
      choice[others[index].position] = others[index].index
    take(choice)
  erased.get.rest.choicesOfAlternatives(erased.get.syndromes, others, search.draw, search.effort, takeAlternatives)

proc choicesChecked(search: var Search, checks: Checks, measured: Measurement, take: Try): bool =
  ## Choices that satisfy all checks.
  let alone = checks.locate(measured.syndromes, search.effort)
  if alone.isSome and search.choicesWithout(alone.get, checks, measured, take):
    return true
  if (alone.isNone or alone.get.len > 0) and search.choicesWithout([], checks, measured, take):
    return true
  # Who forges everywhere leaves single candidates where a true one was lost; who forges little has few contested.
  var contested, single: seq[int]
  for position in checks.positions:
    if search.forged.candidates[][position].len > 1: contested.add position else: single.add position
  for suspects in [contested, single]:
    if contested.len == 0 or suspects.len == 0 or suspects.len >= checks.rows:
      continue
    let erased = checks.erase(measured.syndromes, suspects, search.effort)
    if erased.isNone:
      continue
    let others = erased.get.rest.locate(erased.get.syndromes, search.effort).get(@[])
    if search.choicesWithout(suspects & others, checks, measured, take):
      return true
  for isAlignmentPossible in [true, false]:
    let others = checks.locateBeside(measured, isAlignmentPossible, search.draw, search.effort).get(@[])
    if others.len > 0 and search.choicesWithout(others, checks, measured, take):
      return true

proc subsets(items: openArray[int], size: int, before: seq[int], take: proc (subset: seq[int]): bool): bool =
  if size == 0:
    return take(before)
  for index in 0 .. items.len - size:
    if subsets(items.toOpenArray(index + 1, items.high), size - 1, before & items[index], take):
      return true

proc choicesUnchecked(search: var Search, checks: Checks, measured: Measurement, take: Try) =
  ## Every choice of just `dataCount` positions, if there are at most `attempts` of them: part of them is a poor chance.
  let attempts = float(search.attempts)
  var ways = 1.0
  for index in 0 ..< checks.available:
    if ways <= attempts:
      ways = ways * float(checks.positions.len - index) / float(index + 1)
  for shards in search.forged.candidates[].values:
    ways *= float(shards.len)
  if ways > attempts:
    return
  let self = addr search
  discard subsets(checks.positions, checks.available, @[], proc (left: seq[int]): bool =
    self[].choicesWithout(left, checks, measured, take))

proc choices(search: var Search, take: Try) =
  ## What may be true, what is cheapest to find first.
  var count = 0
  for shards in search.forged.candidates[].values:
    count += shards.len - 1
  let looksAtAll = count <= maxAlternatives
  let checks = initChecks(search.forged, search.effort)
  let columns = checks.columnsFor(if looksAtAll: count else: 0, search.effort)
  if not search.effort.spend(checks.positions.len * checks.rows * columns):
    return
  let most = if looksAtAll: high(int) else: 1
  let measured = measure(checks, search.forged.candidates[], most, columns, search.draw)
  if checks.rows > 0 and search.choicesChecked(checks, measured, take):
    return
  search.choicesUnchecked(checks, measured, take)

proc find*(search: var Search, isWhole: Try): bool =
  ## Tries choices until `isWhole` is true of one. With c checks, which is how many more positions are held than `dataCount`, it finds
  ##
  ## - up to c / 2 positions without a true candidate, up to c - 1 if what was changed in them is not alike;
  ## - any number of positions with true and forged candidates, up to 4,096 forged ones, as long as few choices satisfy all checks;
  ## - c / 2 of the first beside any number of the second, or nearly c, if what was changed is not alike;
  ## - and whatever the hash alone can find out within the budget, as where there are no checks.
  ##
  ## Time is linear in the bytes of all candidates and cubic in the number of checks and of forged candidates, as far as the effort goes: of
  ## more checks than it or 256 allows, the first ones are used.
  let forged = search.forged
  var tried: HashSet[Name]
  tried.incl forged.nameOf(Choice())
  var attempts = search.attempts
  var isFound = false
  # True ends the search, be it for success or because nothing is left to spend.
  search.choices(proc (choice: Choice): bool =
    let name = forged.nameOf(choice)
    if name in tried:
      return false
    if attempts == 0:
      return true
    attempts -= 1
    tried.incl name
    isFound = isWhole(choice)
    isFound)
  isFound
