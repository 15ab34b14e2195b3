## Cuts a payload into segments that each fit one transport message, and adds parity.
import std/[math, strformat]
import ./errors
import ./keccak
import ./leopard
import ./options
import ./segment

type
  Segmenter* = object
    ## Cuts payloads. Equal payloads and options give equal bytes, unless they are blinded.
    options: SegmenterOptions
    chunkSize*: int ## Bytes of payload in a full segment.

  Segments* = ref object
    ## The messages of one payload, made one at a time: data before parity, in index order.
    head: Segment
    content: seq[byte] ## The payload, behind its blinding.
    chunkSize: int
    parity: seq[seq[byte]]
    made: int
    total*: int ## How many there are.
    setId*: string ## How the receiver calls the set; empty for a payload that travels as it is.

proc initSegmenter*(options: SegmenterOptions): Segmenter =
  ## Raises `INVALID_OPTION`.
  options.common.check
  options.parity.check
  let room = options.common.maxMessageSize - segmentOverhead
  Segmenter(options: options, chunkSize: room - room mod alignment)

proc parityCountFor(segmenter: Segmenter, dataCount: int): int =
  let parity = segmenter.options.parity
  result = case parity.kind
    of noParity: 0
    # With m of n = k + m lost at most, any 7/8 of n suffice iff m >= floor(n / 8): the least such m.
    of sevenEighths: (dataCount - 1) div 7
    of byRate: int(ceil(float(dataCount) * parity.rate))
  let most = segmenter.options.common.maxTotalSegments
  var problem = ""
  if dataCount + result > most:
    problem = &"want at most {most} (maxTotalSegments)"
  elif result > 0 and not codeExists(dataCount, result):
    problem = "no code for them"
  if problem != "":
    let got = &"got {dataCount} of data and {result} of parity; raise maxMessageSize"
    raise newSegmentationError(tooManySegments, &"segments: {problem}, {got}")

proc segment*(segmenter: Segmenter, payload: sink seq[byte]): Segments =
  ## The messages to send for `payload`, each at most `maxMessageSize` bytes. Raises `PAYLOAD_TOO_LARGE`, `TOO_MANY_SEGMENTS`.
  let options = segmenter.options.common
  if payload.len > options.maxPayloadSize:
    let message = &"payload: want at most {options.maxPayloadSize} bytes (maxPayloadSize), got {payload.len}"
    raise newSegmentationError(payloadTooLarge, message)
  if options.wrap == whenNeeded and payload.len <= options.maxMessageSize and not parse(payload).isSegment:
    return Segments(content: payload, total: 1)
  var content = if options.blind: segmenter.options.random(blindingBytes) & payload else: payload
  # One chunk at least, which is empty for an empty payload.
  let dataCount = max(1, ceilDiv(content.len, segmenter.chunkSize))
  let parityCount = segmenter.parityCountFor(dataCount)
  let head = Segment(
    payloadHash: keccak256(content), payloadLength: content.len, dataCount: dataCount, parityCount: parityCount,
    chunkSize: if dataCount == 1: 0 else: segmenter.chunkSize
  )
  Segments(
    head: head, content: move content, chunkSize: segmenter.chunkSize, total: dataCount + parityCount, setId: head.setId
  )

iterator items*(segments: Segments): seq[byte] =
  ## Goes on where an earlier loop ended.
  while segments.made < segments.total:
    let index = segments.made
    segments.made += 1
    if segments.setId == "":
      yield segments.content
      continue
    var one = segments.head
    if index < one.dataCount:
      one.index = index
      let last = min((index + 1) * segments.chunkSize, segments.content.len) - 1
      yield one.encode(segments.content.toOpenArray(index * segments.chunkSize, last))
    else:
      one.index = index - one.dataCount
      one.isParity = true
      if segments.parity.len == 0:
        segments.parity = encode(segments.content, one.dataCount, one.parityCount, segments.chunkSize)
      yield one.encode(segments.parity[one.index])
