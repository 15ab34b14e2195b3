## The segments of one payload that have arrived. Nothing about a segment is authenticated, so an index may be given several chunks; the hash
## of the payload tells in the end which of them were true.
import std/[algorithm, math, options, tables, unicode]
import ./forged/effort
import ./forged/search
import ./forged/sets
import ./keccak
import ./leopard
import ./options as limits
import ./results
import ./segment

const
  # What things cost, as @chat/segmentation counts it, so that both give up the same sets: a waiting segment besides its chunk, a set
  # besides its segments, a letter of a sender's name.
  segmentCost = 560
  setCost = 1_024
  nameCost = 4
  maxCandidates = 4 ## Different chunks that are kept for one index.
  # @chat/segmentation assembles larger payloads in place from a quarter on, and counts their cost so.
  inPlaceMinBytes = 1 shl 20
  inPlaceShare = 4
  # What a search for forged segments may cost: docs/decisions/0008 of the repository.
  stepsPerByte = 128
  maxSearchSteps = 1 shl 32
  maxAttempts = 64
  stepsPerHashedByte = 4
  stepsPerAttempt = 1 shl 15

type
  Kept* = enum
    first, alternative, duplicate, mismatch

  PartialSet* = ref object
    id*, key*, sender*: string
    updatedAtMs*: int64
    cost*: int ## Bytes of memory, never less than what is really held.
    hash: Hash
    payloadLength, dataCount, parityCount, shardSize: int
    maySettle, hasSettled: bool
    candidates: Candidates
    positions: seq[int] ## In the order in which they came.
    startedAtMs: int64
    positionsWith: array[maxCandidates + 1, int] ## By number: how many positions have so many candidates or more.
    candidateCount, dataBytes: int
    extraRoom: int ## What the set may cost beyond what it would if nobody forged.
    attemptAt: int ## So many candidates make the next attempt worth its time.
    searchSteps: int64
    isForged: bool

proc letters*(name: string): int =
  ## As JavaScript counts them, in UTF-16 units, so that costs are the same.
  for rune in name.runes:
    result += (if int(rune) > 0xffff: 2 else: 1)

proc maxCostOf*(segment: Segment, sender: string): int =
  ## Of the set of a segment at most, without alternatives.
  let size = if segment.dataCount == 1: segment.payloadLength else: segment.chunkSize
  setCost + nameCost * letters(sender) + segment.dataCount * (size + segmentCost)

proc newPartialSet*(segment: Segment, id, key, sender: string, nowMs: int64, maxCost: int): PartialSet =
  let isSingle = segment.dataCount == 1
  result = PartialSet(
    id: id, key: key, sender: sender, updatedAtMs: nowMs, startedAtMs: nowMs, cost: setCost + nameCost * letters(sender),
    hash: segment.payloadHash, payloadLength: segment.payloadLength, dataCount: segment.dataCount,
    parityCount: segment.parityCount, shardSize: if isSingle: segment.payloadLength else: segment.chunkSize,
    attemptAt: segment.dataCount
  )
  let total = segment.dataCount + segment.parityCount
  let parityBytes = segment.parityCount * result.shardSize
  let inPlace = result.cost + segment.payloadLength + parityBytes + total * segmentCost
  result.maySettle = segment.payloadLength >= inPlaceMinBytes and not isSingle and inPlace <= maxCost
  result.extraRoom = maxCost - (if result.maySettle: inPlace else: maxCostOf(segment, sender))

proc total*(partial: PartialSet): int =
  partial.dataCount + partial.parityCount

proc held*(partial: PartialSet): int =
  partial.candidates.len

proc needed*(partial: PartialSet): int =
  max(1, partial.dataCount - partial.held)

proc isReady*(partial: PartialSet): bool =
  ## Whether `solve` is worth its time.
  partial.held >= partial.dataCount and partial.candidateCount >= partial.attemptAt

proc lengthAt(partial: PartialSet, position: int): int =
  if position != partial.dataCount - 1: partial.shardSize
  else: partial.payloadLength - (partial.dataCount - 1) * partial.shardSize

proc countChunk(partial: PartialSet, position, length: int, isFirst: bool) =
  ## Counts as if large payloads were assembled in place from a quarter on, where the first chunks of data cost nothing more.
  if not isFirst or position >= partial.dataCount:
    partial.cost += length
    return
  partial.dataBytes += length
  if partial.hasSettled:
    return
  if partial.maySettle and inPlaceShare * partial.dataBytes >= partial.payloadLength:
    partial.hasSettled = true
    partial.cost += partial.payloadLength - (partial.dataBytes - length)
  else:
    partial.cost += length

proc noticeRound(partial: PartialSet, candidates: int) =
  ## The set may have been sent once more, and now be whole again: worth an attempt, since no other may follow.
  partial.positionsWith[candidates] += 1
  if partial.positionsWith[candidates] == partial.total:
    partial.attemptAt = partial.candidateCount

proc add*(partial: PartialSet, segment: Segment, message: openArray[byte], nowMs: int64, room: int): Kept =
  ## Keeps a copy of the chunk of a segment of this set. `room` is for what is not needed if nobody forges: alternatives, and more segments
  ## than the data.
  let position = if segment.isParity: partial.dataCount + segment.index else: segment.index
  let length = min(segment.chunkLength, partial.lengthAt(position))
  let chunk = message[segment.chunkAt ..< segment.chunkAt + length]
  var known = 0
  partial.candidates.withValue(position, chunks):
    known = chunks[].len
    if chunk in chunks[]:
      return duplicate
  let cost = length + segmentCost
  if known > 0 or partial.held >= partial.dataCount:
    if known == maxCandidates or cost > min(room, partial.extraRoom):
      return mismatch
    partial.extraRoom -= cost
  partial.cost += segmentCost
  partial.candidateCount += 1
  partial.searchSteps += stepsPerByte * cost
  partial.countChunk(position, length, known == 0)
  partial.candidates.mgetOrPut(position, @[]).add chunk
  partial.noticeRound(known + 1)
  if known > 0:
    # No sign of life: it would let a forger keep the set for ever.
    return alternative
  partial.positions.add position
  partial.updatedAtMs = nowMs
  first

proc wholeFrom(partial: PartialSet, choice: Choice): Option[seq[byte]] =
  ## The payload that a choice leads to, if it is the one that was announced.
  proc taken(position: int): int =
    if position in partial.candidates: choice.getOrDefault(position) else: lost
  var payload = newSeq[byte](partial.payloadLength)
  var missing: seq[int]
  for position in 0 ..< partial.dataCount:
    let index = taken(position)
    if index == lost:
      missing.add position
      continue
    let length = partial.candidates[position][index].len
    if length > 0:
      copyMem(addr payload[position * partial.shardSize], unsafeAddr partial.candidates[position][index][0], length)
  if missing.len > 0:
    var parity = newSeq[seq[byte]](partial.parityCount)
    var count = 0
    for place in 0 ..< partial.parityCount:
      let index = taken(partial.dataCount + place)
      # No more of it than is needed.
      if index != lost and count < missing.len:
        parity[place] = partial.candidates[partial.dataCount + place][index]
        count += 1
    if count < missing.len:
      return
    recover(payload, missing, partial.dataCount, parity, ceilDiv(partial.shardSize, alignment) * alignment)
  if keccak256(payload) == partial.hash:
    return some(move payload)

proc search(partial: PartialSet, random: RandomSource): Option[seq[byte]] =
  # A forger could have us search at every segment. What is there besides the data must grow by a quarter each time.
  partial.attemptAt = partial.candidateCount + max(1, (partial.candidateCount - partial.dataCount) div 4)
  let steps = min(partial.searchSteps, maxSearchSteps)
  let perAttempt = stepsPerAttempt + stepsPerHashedByte * partial.payloadLength
  let attempts = min(maxAttempts, int(steps) div 2 div perAttempt)
  let forged = ForgedSet(
    dataCount: partial.dataCount,
    parityCount: if codeExists(partial.dataCount, partial.parityCount): partial.parityCount else: 0,
    # Chunks of other sizes can only be of a set that holds no parity.
    shardSize: ceilDiv(partial.shardSize, alignment) * alignment, positions: partial.positions,
    candidates: addr partial.candidates
  )
  let budget = steps - attempts * perAttempt
  var search = initSearch(forged, random(16), attempts, budget)
  var used = 0
  var found = none(seq[byte])
  discard search.find(proc (choice: Choice): bool =
    used += perAttempt
    found = partial.wholeFrom(choice)
    found.isSome)
  partial.searchSteps -= used + (budget - search.effort.steps)
  found

proc countForged(partial: PartialSet, payload: openArray[byte]): int =
  ## Parity is counted only where it was given several chunks.
  for position, chunks in partial.candidates:
    var isTrue = chunks.len == 1
    if isTrue and position < partial.dataCount:
      let start = position * partial.shardSize
      isTrue = chunks[0] == payload[start ..< start + partial.lengthAt(position)]
    if not isTrue:
      result += 1

proc solve*(partial: PartialSet, random: RandomSource): Option[tuple[payload: seq[byte], forged: int]] =
  ## The payload if its hash is right, with the number of indexes that were given forged chunks. Otherwise segments are forged that cannot be
  ## told from the true ones yet; more segments may help.
  var payload = partial.wholeFrom(Choice())
  if payload.isNone:
    partial.isForged = true
    payload = partial.search(random)
  if payload.isSome:
    let forged = if partial.isForged: partial.countForged(payload.get) else: 0
    return some((payload.get, forged))

proc setBackClock*(partial: PartialSet, nowMs: int64) =
  ## A clock that went back must not keep the set for longer than the timeout from now.
  partial.updatedAtMs = min(partial.updatedAtMs, nowMs)
  partial.startedAtMs = min(partial.startedAtMs, nowMs)

proc holes(positions: openArray[int], start, last: int): seq[IndexRange] =
  ## What is missing of sorted `positions` between `start` and `last`, counted from `start`.
  var expected = start
  for position in positions:
    if position in start ..< last:
      if position > expected and result.len < maxReportedRanges:
        result.add IndexRange(first: expected - start, last: position - 1 - start)
      expected = position + 1
  if last > expected and result.len < maxReportedRanges:
    result.add IndexRange(first: expected - start, last: last - 1 - start)

proc report*(partial: PartialSet, reason: GivenUp, nowMs: int64): IncompleteReport =
  let positions = partial.positions.sorted
  IncompleteReport(
    setId: partial.id, sender: partial.sender, reason: reason, payloadLength: partial.payloadLength, held: partial.held,
    needed: partial.needed, total: partial.total, missing: holes(positions, 0, partial.dataCount),
    missingParity: holes(positions, partial.dataCount, partial.total), forged: partial.isForged,
    ageMs: max(0, nowMs - partial.startedAtMs)
  )
