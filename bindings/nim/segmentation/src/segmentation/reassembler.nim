## Puts segments together again, whatever their order, within fixed bounds on memory.
import std/[deques, lists, math, options, strutils, tables, times]
import ./completed
import ./keccak
import ./options as limits
import ./partialset
import ./results
import ./segment

const
  maxWaitingReports = 64 ## They wait for `expire`; older ones are forgotten.
  longestName = 64

type
  Usage = object
    bytes, sets: int

  Reassembler* = ref object
    ## Puts segments together again.
    options: ReassemblerOptions
    maxBytesPerSender, maxSetsPerSender: int
    sets: DoublyLinkedList[PartialSet] ## Least recently updated first.
    nodes: Table[string, DoublyLinkedNode[PartialSet]]
    buffered: int
    ofSender: Table[string, Usage]
    completed: CompletedSets
    reports: Deque[IncompleteReport]
    latestMs: int64

proc newReassembler*(options: ReassemblerOptions): Reassembler =
  ## Raises `INVALID_OPTION`.
  options.common.check
  options.checkBounds
  proc share(own, all: int): int =
    if own > 0: own else: ceilDiv(all, 2)
  Reassembler(
    options: options, completed: initCompletedSets(options.maxCompletedSets), latestMs: low(int64),
    maxBytesPerSender: share(options.maxBufferedBytesPerSender, options.maxBufferedBytes),
    maxSetsPerSender: share(options.maxSetsPerSender, options.maxSets)
  )

proc bufferedBytes*(reassembler: Reassembler): int =
  ## Memory that waiting segments take, with what it costs to keep account of them; at most `maxBufferedBytes`.
  reassembler.buffered

proc shortName(sender: string): string =
  ## A name by itself, or a hash of it where it is long.
  if letters(sender) <= longestName:
    return sender
  # One letter longer than any short name, so that nobody can name himself like the hash of another.
  align(keccak256(sender.toOpenArrayByte(0, sender.high)).toHex, longestName + 1, '#')

proc keyOf(sender, setId: string): string =
  ## No set id holds a line break, so no two pairs have one key.
  sender & "\n" & setId

proc maxBytesOf(reassembler: Reassembler, sender: string): int =
  let all = reassembler.options.maxBufferedBytes
  if sender == "": all else: min(all, reassembler.maxBytesPerSender)

proc roomFor(reassembler: Reassembler, sender: string): int =
  result = reassembler.options.maxBufferedBytes - reassembler.buffered
  if sender != "":
    result = min(result, reassembler.maxBytesOf(sender) - reassembler.ofSender.getOrDefault(sender).bytes)

proc isOversized(reassembler: Reassembler, sender: string, segment: Segment): bool =
  let options = reassembler.options.common
  let blinding = if options.blind: blindingBytes else: 0
  segment.payloadLength > options.maxPayloadSize + blinding or
    segment.dataCount + segment.parityCount > options.maxTotalSegments or
    maxCostOf(segment, sender) > reassembler.maxBytesOf(sender)

proc count(reassembler: Reassembler, sender: string, bytes, sets: int) =
  reassembler.buffered += bytes
  if sender == "":
    return
  var usage = reassembler.ofSender.getOrDefault(sender)
  usage.bytes += bytes
  usage.sets += sets
  if usage.sets == 0: reassembler.ofSender.del sender
  else: reassembler.ofSender[sender] = usage

proc remove(reassembler: Reassembler, node: sink DoublyLinkedNode[PartialSet]) =
  # `sink` here and below: the list may hold the last reference.
  reassembler.nodes.del node.value.key
  reassembler.sets.remove node
  reassembler.count(node.value.sender, -node.value.cost, -1)

proc giveUp(reassembler: Reassembler, node: sink DoublyLinkedNode[PartialSet], reason: GivenUp, nowMs: int64) =
  reassembler.remove node
  reassembler.reports.addLast node.value.report(reason, nowMs)
  if reassembler.reports.len > maxWaitingReports:
    discard reassembler.reports.popFirst()

proc evict(reassembler: Reassembler, grown: PartialSet, nowMs: int64) =
  ## The set that just grew stays: none that is larger than the bounds gets in.
  if grown.sender != "":
    for node in reassembler.sets.nodes:
      let usage = reassembler.ofSender.getOrDefault(grown.sender)
      if usage.bytes <= reassembler.maxBytesPerSender and usage.sets <= reassembler.maxSetsPerSender:
        break
      if node.value != grown and node.value.sender == grown.sender:
        reassembler.giveUp(node, evicted, nowMs)
  for node in reassembler.sets.nodes:
    if reassembler.buffered <= reassembler.options.maxBufferedBytes and
        reassembler.nodes.len <= reassembler.options.maxSets:
      break
    if node.value != grown:
      reassembler.giveUp(node, evicted, nowMs)

proc dropExpired(reassembler: Reassembler, nowMs: int64) =
  if nowMs < reassembler.latestMs:
    for partial in reassembler.sets:
      partial.setBackClock nowMs
    reassembler.completed.setBackClock nowMs
  reassembler.latestMs = nowMs
  let deadlineMs = nowMs - reassembler.options.timeoutMs
  while not reassembler.sets.head.isNil and reassembler.sets.head.value.updatedAtMs <= deadlineMs:
    reassembler.giveUp(reassembler.sets.head, timeout, nowMs)
  reassembler.completed.forget deadlineMs

proc discardedFor(reason: DiscardReason, setId = ""): AcceptResult =
  AcceptResult(kind: discarded, reason: reason, setId: setId)

proc takeSegment(
    reassembler: Reassembler, segment: Segment, message: openArray[byte], sender: string, nowMs: int64
): AcceptResult =
  let id = segment.setId
  let options = reassembler.options.common
  if options.blind and segment.payloadLength < blindingBytes:
    return discardedFor(invalid, id)
  if reassembler.isOversized(sender, segment):
    return discardedFor(oversized, id)
  let keeper = shortName(sender)
  let key = keyOf(keeper, id)
  if key in reassembler.completed:
    return discardedFor(results.duplicate, id)
  var node = reassembler.nodes.getOrDefault(key)
  let isNew = node.isNil
  let room = reassembler.roomFor(sender)
  if isNew:
    node = newDoublyLinkedNode(newPartialSet(segment, id, key, sender, nowMs, reassembler.maxBytesOf(sender)))
  let partial = node.value
  let before = if isNew: 0 else: partial.cost
  let kept = partial.add(segment, message, nowMs, room)
  case kept
  of partialset.duplicate: return discardedFor(results.duplicate, id)
  of partialset.mismatch: return discardedFor(results.mismatch, id)
  of first:
    # Now it is the one that was updated last.
    if not isNew:
      reassembler.sets.remove node
    reassembler.sets.add node
    reassembler.nodes[key] = node
  of alternative: discard
  reassembler.count(sender, partial.cost - before, ord(isNew))
  if partial.isReady:
    let solved = partial.solve(reassembler.options.random)
    if solved.isSome:
      reassembler.remove node
      reassembler.completed.add(key, keeper, nowMs)
      var (payload, forged) = solved.get
      if options.blind:
        payload = payload[blindingBytes .. ^1]
      return AcceptResult(kind: complete, setId: id, payload: payload, forged: forged)
  reassembler.evict(partial, nowMs)
  AcceptResult(
    kind: pending, setId: id, index: segment.index, isParity: segment.isParity, held: partial.held, needed: partial.needed,
    total: partial.total
  )

proc take(reassembler: Reassembler, message: openArray[byte], sender: string, nowMs: int64): AcceptResult =
  let options = reassembler.options.common
  if message.len > options.maxMessageSize:
    return discardedFor(oversized)
  let parsed = parse(message)
  if parsed.isSegment:
    return reassembler.takeSegment(parsed.segment, message, sender, nowMs)
  if options.wrap == always:
    return discardedFor(parsed.problem)
  if message.len > options.maxPayloadSize:
    return discardedFor(oversized)
  AcceptResult(kind: complete, payload: @message)

proc currentMs(): int64 =
  let now = getTime()
  now.toUnix * 1_000 + now.nanosecond div 1_000_000

proc accept*(reassembler: Reassembler, message: openArray[byte], sender = "", nowMs = currentMs()): AcceptResult =
  ## Takes one received message; never fails for what it is given. Segments of different senders never mix; the name is any short one that the
  ## caller trusts, empty for none. `nowMs`: since the Unix epoch.
  result = reassembler.take(message, sender, nowMs)
  # Only now: whatever kept a set waiting, the segment that has come for it is no reason to give it up.
  reassembler.dropExpired nowMs

proc expire*(reassembler: Reassembler, nowMs = currentMs()): seq[IncompleteReport] =
  ## Drops the sets that got nothing for the timeout, and forgets what was completed that long ago. `accept` does so too; call it now and then
  ## where nothing may arrive for long. Gives a report for each set that was given up since the last call: the newest 64.
  reassembler.dropExpired nowMs
  while reassembler.reports.len > 0:
    result.add reassembler.reports.popFirst()

proc markComplete*(reassembler: Reassembler, setId: string, sender = "", completedAtMs = currentMs()) =
  ## Has a set count as complete, as after a restart: its segments are duplicates from here on.
  let keeper = shortName(sender)
  let key = keyOf(keeper, setId)
  let node = reassembler.nodes.getOrDefault(key)
  if not node.isNil:
    reassembler.remove node
  reassembler.completed.add(key, keeper, completedAtMs)
