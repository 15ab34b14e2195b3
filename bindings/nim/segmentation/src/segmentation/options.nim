## Options of both directions, their defaults and their checks.
import std/[strformat, sysrand]
import ./errors

const
  segmentOverhead* = 59
    ## The most that one segment adds to its chunk: hash (34), length (6), index, both counts (4 each), parity mark (2) and the head of
    ## the chunk (5).
  alignment* = 64 ## What erasure coding needs: every chunk but the last one of a payload has a multiple of this many bytes.
  blindingBytes* = 32
  mebibyte = 1 shl 20
  mostSegments = 65_536
  mostMessageBytes = (1 shl 28) - 1
  mostPayloadBytes = (1 shl 32) - 1 - blindingBytes
  most = (1 shl 53) - 1

type
  Wrap* = enum
    ## Which payloads travel in segments.
    whenNeeded ## A payload that fits one message is sent as it is, unless it could be taken for a segment.
    always ## Plain LIP-243.

  ParityKind* = enum
    sevenEighths, noParity, byRate

  Parity* = object
    ## How many parity segments a payload gets.
    case kind*: ParityKind
    of byRate: rate*: float
    else: discard

  RandomSource* = proc (count: int): seq[byte] {.closure.} ## Unpredictable bytes.

  Options* = object
    ## What both sides must agree on, and limits.
    maxMessageSize*: int ## Bytes that one transport message can carry: 123 to 2^28 - 1.
    maxPayloadSize*: int ## 100 MiB by default.
    maxTotalSegments*: int ## Of one payload, data and parity: 65,536 by default, which is also the most.
    wrap*: Wrap
    blind*: bool ## 32 random bytes in front of a payload that is segmented, so that its hash tells nothing about it. Not plain LIP-243.

  SegmenterOptions* = object
    common*: Options
    parity*: Parity
    random*: RandomSource ## For blinding: that of the system by default.

  ReassemblerOptions* = object
    common*: Options
    maxBufferedBytes*: int ## For segments that wait, over all sets: 2 × (`maxPayloadSize` + 40 MiB) by default.
    maxBufferedBytesPerSender*: int ## The same for each sender that is named; 0: half of it.
    maxSets*: int ## Sets that wait at one time: 256 by default.
    maxSetsPerSender*: int ## The same for each sender that is named; 0: half of it.
    maxCompletedSets*: int ## Complete sets that are remembered, so that late segments do not start them again: 4,096 by default.
    timeoutMs*: int ## How long a set waits for its next segment, and how long a complete one is remembered: 300,000 by default.
    random*: RandomSource ## For finding forged segments: that of the system by default.

proc parityRate*(rate: float): Parity =
  ## So many for each data segment, rounded up, as LIP-243 has it: above 0, at most 1.
  Parity(kind: byRate, rate: rate)

proc systemRandom(count: int): seq[byte] =
  urandom(count)

proc initOptions*(
    maxMessageSize: int, maxPayloadSize = 100 * mebibyte, maxTotalSegments = mostSegments, wrap = whenNeeded, blind = false
): Options =
  Options(
    maxMessageSize: maxMessageSize, maxPayloadSize: maxPayloadSize, maxTotalSegments: maxTotalSegments, wrap: wrap, blind: blind
  )

proc initSegmenterOptions*(common: Options, parity = Parity(kind: sevenEighths)): SegmenterOptions =
  ## By default the fewest parity segments for which any 87.5 % of all suffice.
  SegmenterOptions(common: common, parity: parity, random: systemRandom)

proc initReassemblerOptions*(common: Options): ReassemblerOptions =
  ReassemblerOptions(
    common: common, maxBufferedBytes: 2 * (common.maxPayloadSize + 40 * mebibyte), maxSets: 256, maxCompletedSets: 4_096,
    timeoutMs: 300_000, random: systemRandom
  )

converter toSegmenterOptions*(common: Options): SegmenterOptions = initSegmenterOptions(common)
converter toReassemblerOptions*(common: Options): ReassemblerOptions = initReassemblerOptions(common)

proc within(name: string, value, least, most: int) =
  if value notin least .. most:
    raise newSegmentationError(invalidOption, &"{name}: want {least} to {most}, got {value}")

proc check*(options: Options) =
  within("maxMessageSize", options.maxMessageSize, segmentOverhead + alignment, mostMessageBytes)
  within("maxPayloadSize", options.maxPayloadSize, 0, mostPayloadBytes)
  within("maxTotalSegments", options.maxTotalSegments, 1, mostSegments)

proc check*(parity: Parity) =
  if parity.kind == byRate and not (parity.rate > 0 and parity.rate <= 1):
    raise newSegmentationError(invalidOption, &"parity: want a rate above 0 and at most 1, got {parity.rate}")

proc checkBounds*(options: ReassemblerOptions) =
  within("maxBufferedBytes", options.maxBufferedBytes, 1, most)
  within("maxBufferedBytesPerSender", options.maxBufferedBytesPerSender, 0, most)
  within("maxSets", options.maxSets, 1, most)
  within("maxSetsPerSender", options.maxSetsPerSender, 0, most)
  within("maxCompletedSets", options.maxCompletedSets, 0, most)
  within("timeoutMs", options.timeoutMs, 1, most)
