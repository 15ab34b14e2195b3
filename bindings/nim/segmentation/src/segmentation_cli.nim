## Cuts what comes in on standard input into messages, and puts messages together again. Messages are framed by their length: 32 bits,
## big-endian. It exits with 2 for bad arguments, and with 3 if what came in was incomplete.
import std/[json, monotimes, options, parseopt, strutils, times]
import segmentation
import segmentation/keccak
import segmentation/leopard

const
  usage = "usage: segmentation encode|decode --max-message-size N [--wrap when-needed|always] [--blind] " &
    "[--parity seven-eighths|none|RATE], or segmentation bench [--rounds N] [--case NAME]"
  payloadBytes = 100 shl 20
  messageSize = 150_000
  dataShards = 112
  parityShards = 16
  shardBytes = 102_400

type UsageError = object of CatchableError

proc readAll(): seq[byte] =
  var buffer: array[1 shl 16, byte]
  while true:
    let count = stdin.readBytes(buffer, 0, buffer.len)
    if count == 0:
      return
    result.add buffer.toOpenArray(0, count - 1)

proc write(bytes: openArray[byte]) =
  if stdout.writeBytes(bytes, 0, bytes.len) != bytes.len:
    raise newException(IOError, "standard output takes no more")

proc encode(options: SegmenterOptions): int =
  for message in initSegmenter(options).segment(readAll()):
    var length: array[4, byte]
    for place in 0 ..< 4:
      length[place] = byte(message.len shr (24 - 8 * place) and 255)
    write length
    write message

proc shown(report: IncompleteReport): JsonNode =
  result = %report
  if report.sender == "":
    result.delete "sender"

proc decode(options: Options): int =
  let reassembler = newReassembler(options)
  let input = readAll()
  var at = 0
  while input.len - at >= 4:
    var length = 0
    for place in 0 ..< 4:
      length = length shl 8 or int(input[at + place])
    at += 4
    if length > input.len - at:
      raise newException(IOError, "the input ends in a message")
    let accepted = reassembler.accept(input.toOpenArray(at, at + length - 1))
    at += length
    if accepted.kind == complete:
      write accepted.payload
      return 0
  # In an hour, which is longer than any set waits.
  for report in reassembler.expire((getTime() + initDuration(hours = 1)).toUnix * 1_000):
    stderr.writeLine shown(report)
  3

proc reassembles(messages: seq[seq[byte]]): bool =
  let reassembler = newReassembler(initOptions(messageSize))
  for message in messages:
    if reassembler.accept(message).kind == complete:
      return true

proc bench(rounds: int, only: string): JsonNode =
  ## MB/s of each round of all cases, or of one; one round before them is not told.
  var cases: seq[(string, int, proc ())]
  var payload = newSeq[byte](payloadBytes)
  for i in 0 ..< payloadBytes:
    payload[i] = byte((i * 167 + (i shr 8) * 59) and 255)
  var data = newSeq[byte](dataShards * shardBytes)
  for i in 0 ..< data.len:
    data[i] = byte((i mod shardBytes * 37 + i div shardBytes * 101 + 11) and 255)
  let parity = leopard.encode(data, dataShards, parityShards, shardBytes)
  var lost: seq[int]
  var left = data
  for number in 0 ..< parityShards:
    lost.add number * dataShards div parityShards
    zeroMem(addr left[lost[^1] * shardBytes], shardBytes)
  let segmenter = initSegmenter(initOptions(messageSize))
  var messages, lossy: seq[seq[byte]]
  for message in segmenter.segment(payload):
    if messages.len mod 8 != 7:
      lossy.add message
    messages.add message
  cases.add ("encode-112-16", data.len, proc () =
    doAssert leopard.encode(data, dataShards, parityShards, shardBytes).len == parityShards)
  cases.add ("decode-112-16", data.len, proc () =
    var copy = left
    recover(copy, lost, dataShards, parity, shardBytes)
    doAssert copy[0] == data[0])
  cases.add ("keccak-100mb", payloadBytes, proc () = doAssert keccak256(payload).toHex.len == 64)
  cases.add ("segment-100mb", payloadBytes, proc () =
    var count = 0
    for message in segmenter.segment(payload):
      count += message.len
    doAssert count > payloadBytes)
  cases.add ("reassemble-100mb", payloadBytes, proc () = doAssert reassembles(messages))
  cases.add ("reassemble-100mb-lossy", payloadBytes, proc () = doAssert reassembles(lossy))
  result = newJObject()
  for round in 0 .. rounds:
    for (name, bytes, run) in cases:
      if only != "" and name != only:
        continue
      let start = getMonoTime()
      var repeats = 0
      while repeats == 0 or getMonoTime() - start < initDuration(milliseconds = 200):
        run()
        repeats += 1
      let seconds = float((getMonoTime() - start).inNanoseconds) / 1e9
      if round == 0: result[name] = newJArray()
      else: result[name].add %(float(bytes * repeats) / 1e6 / seconds)

proc run(): int =
  var options = initOptions(0)
  var parity = Parity(kind: sevenEighths)
  var (command, rounds, only) = ("", 5, "")
  var arguments = initOptParser(shortNoVal = {}, longNoVal = @["blind"])
  for kind, key, value in arguments.getopt():
    try:
      case (if kind == cmdArgument: "" else: key)
      of "":
        if command != "":
          raise newException(UsageError, usage)
        command = key
      of "max-message-size": options.maxMessageSize = parseInt(value)
      of "wrap":
        options.wrap = case value
          of "when-needed": whenNeeded
          of "always": always
          else: raise newException(UsageError, usage)
      of "blind": options.blind = true
      of "parity":
        parity = case value
          of "seven-eighths": Parity(kind: sevenEighths)
          of "none": Parity(kind: noParity)
          else: parityRate(parseFloat(value))
      of "rounds": rounds = parseInt(value)
      of "case": only = value
      else: raise newException(UsageError, usage)
    except ValueError:
      raise newException(UsageError, usage)
  case command
  of "encode": encode(initSegmenterOptions(options, parity))
  of "decode": decode(options)
  of "bench":
    if rounds < 1:
      raise newException(UsageError, usage)
    echo %*{"cases": bench(rounds, only)}
    0
  else: raise newException(UsageError, usage)

when isMainModule:
  try:
    quit run()
  except UsageError, SegmentationError:
    stderr.writeLine "segmentation: ", getCurrentExceptionMsg()
    quit 2
  except IOError, OSError:
    stderr.writeLine "segmentation: ", getCurrentExceptionMsg()
    quit 1
