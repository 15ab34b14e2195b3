## One segment on the wire, and what makes it valid whatever the limits of the receiver are.
import std/[options, strutils]
import ./errors
import ./keccak
import ./leopard
import ./options as limits
import ./results

type
  Segment* = object
    ## One that may be part of some payload. Nothing about it is authenticated.
    payloadHash*: Hash
    payloadLength*: int
    index*: int ## Within data or within parity.
    dataCount*, parityCount*: int
    isParity*: bool
    chunkSize*: int ## Of every chunk of the set but the last one; 0 when there is only one, which may have any length.
    chunkAt*, chunkLength*: int ## Where the chunk is in the message.

  Parsed* = object
    case isSegment*: bool
    of true: segment*: Segment
    of false: problem*: DiscardReason

  Reader = object
    at: int
    failed: bool

  Field = enum
    ## Of SegmentMessage in proto/chat/segmentation/v1.
    none, hash, length, index, dataCount, parityCount, isParity, chunk

proc setId*(segment: Segment): string =
  ## Names the set: all that its segments must agree on. Segments with the same hash that disagree on anything else are of different sets,
  ## so a forged header does not spoil the genuine ones.
  segment.payloadHash.toHex & "-" & $segment.payloadLength & "-" & $segment.dataCount & "-" & $segment.parityCount & "-" &
    $segment.chunkSize

proc readSetId*(setId: string): tuple[payloadHash: Hash, payloadLength: int] =
  ## What the id of a set tells of its payload: the Keccak-256, and the length in bytes. Raises `INVALID_OPTION` for what is none.
  let parts = setId.split('-')
  try:
    if parts.len == 5 and parts[0].len == 64 and parts[1].allCharsInSet(Digits):
      let bytes = parseHexStr(parts[0])
      for place, value in bytes:
        result.payloadHash[place] = byte(value)
      result.payloadLength = parseInt(parts[1])
      return
  except ValueError:
    discard
  raise newSegmentationError(invalidOption, "setId: want one of this package, got another text")

proc addVarint(bytes: var seq[byte], number: uint64) =
  var rest = number
  while rest > 0x7f:
    bytes.add byte(rest and 0x7f) or 0x80
    rest = rest shr 7
  bytes.add byte(rest)

proc encode*(segment: Segment, content: openArray[byte]): seq[byte] =
  ## With this chunk.
  result = newSeqOfCap[byte](segmentOverhead + content.len)
  result.add [byte(ord(hash) shl 3 or 2), 32]
  result.add segment.payloadHash
  let numbers = [(length, segment.payloadLength), (index, segment.index), (dataCount, segment.dataCount),
    (parityCount, segment.parityCount), (isParity, ord(segment.isParity))]
  for (field, value) in numbers:
    # 0 is left out, as proto3 has it.
    if value != 0:
      result.add byte(ord(field) shl 3)
      result.addVarint(uint64(value))
  if content.len > 0:
    result.add byte(ord(chunk) shl 3 or 2)
    result.addVarint(uint64(content.len))
    let start = result.len
    result.setLen(start + content.len)
    copyMem(addr result[start], unsafeAddr content[0], content.len)

proc readVarint(reader: var Reader, message: openArray[byte]): uint64 =
  for shift in countup(0, 63, 7):
    if reader.at >= message.len:
      break
    let value = message[reader.at]
    reader.at += 1
    # The tenth byte has one bit that counts.
    if shift == 63 and value > 1:
      break
    result = result or uint64(value and 0x7f) shl shift
    if (value and 0x80) == 0:
      return
  reader.failed = true

proc skipBytes(reader: var Reader, message: openArray[byte], count: uint64) =
  if reader.failed or count > uint64(message.len - reader.at):
    reader.failed = true
  else:
    reader.at += int(count)

const maxDepth = 100 ## Deeper groups are none.

proc skip(reader: var Reader, message: openArray[byte], field, wireType: uint64, depth: int) =
  case wireType
  of 0: discard reader.readVarint(message)
  of 1: reader.skipBytes(message, 8)
  of 2: reader.skipBytes(message, reader.readVarint(message))
  of 5: reader.skipBytes(message, 4)
  of 3:
    if depth >= maxDepth:
      reader.failed = true
    while not reader.failed:
      let tag = reader.readVarint(message)
      if reader.failed:
        return
      if (tag and 7) == 4:
        reader.failed = tag shr 3 != field
        return
      reader.skip(message, tag shr 3, tag and 7, depth + 1)
  else: reader.failed = true

proc read32(reader: var Reader, message: openArray[byte]): int =
  int(reader.readVarint(message) and 0xffff_ffff'u64)

proc readFields(segment: var Segment, message: openArray[byte]): Option[tuple[at, length: int]] =
  ## None if the bytes are no message; else where the hash is.
  var reader: Reader
  var hashAt, hashLength: int
  while reader.at < message.len:
    let tag = reader.readVarint(message)
    let (field, wireType) = (tag shr 3, tag and 7)
    if reader.failed or tag > uint64(high(uint32)) or field == 0 or wireType > 5:
      return
    # A field that is known is read as what it is, whatever its wire type says, as @chat/segmentation does: both must agree on which bytes
    # are a segment.
    if field > uint64(high(Field).ord):
      reader.skip(message, field, wireType, 0)
    else:
      case Field(field)
      of none: discard
      of hash:
        hashLength = int(min(reader.readVarint(message), uint64(high(int32))))
        hashAt = reader.at
        reader.skipBytes(message, uint64(hashLength))
      of chunk:
        segment.chunkLength = int(min(reader.readVarint(message), uint64(high(int32))))
        segment.chunkAt = reader.at
        reader.skipBytes(message, uint64(segment.chunkLength))
      of length: segment.payloadLength = reader.read32(message)
      of index: segment.index = reader.read32(message)
      of dataCount: segment.dataCount = reader.read32(message)
      of parityCount: segment.parityCount = reader.read32(message)
      of isParity: segment.isParity = reader.readVarint(message) != 0
    if reader.failed:
      return
  some((hashAt, hashLength))

proc findChunkSize(segment: Segment): Option[int] =
  ## Every segment tells the chunk size of its set: a full one by its length, the last one by what is left. None if no chunk size gives
  ## `payloadLength` bytes in `dataCount` chunks of which this is one.
  let (size, others) = (segment.chunkLength, segment.dataCount - 1)
  # Parity is a whole number of 64-byte blocks, of which there is one even for an empty payload.
  if segment.isParity and (size == 0 or size mod alignment != 0):
    return
  if others == 0:
    let fits = size == segment.payloadLength or segment.isParity and size > segment.payloadLength
    return if fits: some(0) else: none(int)
  var full = size
  if not segment.isParity and segment.index == segment.dataCount - 1:
    let left = segment.payloadLength - size
    if left < 0 or left mod others != 0:
      return
    full = left div others
  if others * full < segment.payloadLength and segment.payloadLength - others * full <= full:
    return some(full)

proc parse*(message: openArray[byte]): Parsed =
  ## Reads any bytes.
  var segment: Segment
  let found = segment.readFields(message)
  if found.isNone:
    return Parsed(isSegment: false, problem: undecodable)
  let (at, size) = found.get
  let count = if segment.isParity: segment.parityCount else: segment.dataCount
  let hasCode = not segment.isParity or codeExists(segment.dataCount, segment.parityCount)
  if size != segment.payloadHash.len or segment.dataCount < 1 or segment.index >= count or not hasCode:
    return Parsed(isSegment: false, problem: invalid)
  for place in 0 ..< size:
    segment.payloadHash[place] = message[at + place]
  let chunkSize = segment.findChunkSize
  if chunkSize.isNone:
    return Parsed(isSegment: false, problem: invalid)
  segment.chunkSize = chunkSize.get
  Parsed(isSegment: true, segment: segment)
