## What holds of any payload and any traffic: with a fixed seed and a fresh one, or, for longer, `SEED=… CASES=… nim c -r …`.
import std/[os, random, strutils, sysrand, unittest]
import ../src/segmentation

var fresh = 0
for value in urandom(6):
  fresh = fresh shl 8 or int(value)
let seeds = if getEnv("SEED") != "": @[parseInt(getEnv("SEED"))] else: @[20_261_124, fresh]
let factor = parseInt(getEnv("CASES", "1"))

proc bytes(numbers: var Rand, length: int): seq[byte] =
  result.setLen length
  for value in result.mitems:
    value = byte(numbers.rand(255))

proc messagesOf(options: Options, payload: seq[byte]): seq[seq[byte]] =
  for message in initSegmenter(options).segment(payload):
    result.add message

proc shuffled(numbers: var Rand, messages: seq[seq[byte]]): seq[seq[byte]] =
  result = messages
  numbers.shuffle result

template property(name: string, cases: int, body: untyped) =
  test name:
    for seed in seeds:
      checkpoint "SEED=" & $seed
      echo "  seed ", seed
      var numbers {.inject.} = initRand(seed)
      for _ in 0 ..< cases * factor:
        body

suite "properties":
  property "any payload comes back, without an eighth of its segments", 150:
    let size = numbers.rand(123 .. 2_200)
    let options = initOptions(size, wrap = numbers.sample([whenNeeded, always]), blind = numbers.rand(1) == 1)
    let payload = numbers.bytes(numbers.rand(60_000))
    var messages = numbers.shuffled(messagesOf(options, payload))
    messages.setLen messages.len - messages.len div 8
    messages.add messages[0 ..< messages.len div 3]
    let reassembler = newReassembler(options)
    var count = 0
    for message in messages:
      require message.len <= size
      let accepted = reassembler.accept(message)
      if accepted.kind == complete:
        require accepted.payload == payload
        count += 1
    require count == 1
    require reassembler.bufferedBytes == 0

  property "forged segments cost time only", 12:
    # So many data segments, so many indexes of which only a forged chunk comes, so many forged copies beside each true one.
    let (data, alone, copies) = numbers.sample([(24, 2, 0), (113, 15, 0), (24, 0, 1), (113, 0, 3), (113, 1, 1), (300, 30, 0)])
    let options = initOptions(4_096 + segmentOverhead)
    let payload = numbers.bytes(data * 4_096 - 100)
    let reassembler = newReassembler(options)
    var isWhole = false
    for index, message in numbers.shuffled(messagesOf(options, payload)):
      for _ in 0 ..< max(copies, ord(index < alone)):
        var forged = message
        for _ in 0 ..< 200:
          let at = forged.high - numbers.rand(2_999)
          forged[at] = forged[at] xor byte(numbers.rand(1 .. 255))
        let accepted = reassembler.accept(forged)
        if accepted.kind == complete:
          isWhole = accepted.payload == payload
      if index >= alone:
        let accepted = reassembler.accept(message)
        if accepted.kind == complete:
          isWhole = accepted.payload == payload
    require isWhole

  property "hostile traffic stays within bounds, and a friend gets through", 6:
    const bound = 200_000
    let options = initOptions(300, maxPayloadSize = 20_000)
    let payload = numbers.bytes(5_000)
    let genuine = messagesOf(options, payload)
    var settings = initReassemblerOptions(options)
    settings.maxBufferedBytes = bound
    settings.maxBufferedBytesPerSender = 30_000
    settings.maxSets = 9
    settings.maxSetsPerSender = 1
    let reassembler = newReassembler(settings)
    var isWhole = false
    for step in 0 ..< 3_000:
      let nowMs = 1_800_000_000_000 + step * 50
      var message = numbers.sample(genuine)
      for _ in 0 ..< numbers.rand(3):
        message[numbers.rand(message.high)] = byte(numbers.rand(255))
      discard reassembler.accept(message, "forger " & $numbers.rand(4), nowMs)
      require reassembler.bufferedBytes <= bound
      if step mod 60 == 0 and step div 60 < genuine.len:
        let accepted = reassembler.accept(genuine[step div 60], "friend", nowMs)
        if accepted.kind == complete:
          isWhole = accepted.payload == payload
    require isWhole

  property "no bytes do harm", 5_000:
    let options = initOptions(200)
    var message =
      if numbers.rand(1) == 0: numbers.bytes(numbers.rand(199))
      else: numbers.sample(messagesOf(options, newSeq[byte](3_000)))
    if message.len > 0:
      for _ in 0 ..< numbers.rand(5):
        message[numbers.rand(message.high)] = byte(numbers.rand(255))
      message.setLen message.len - numbers.rand(min(2, message.len))
    let accepted = newReassembler(options).accept(message)
    if accepted.kind == complete and accepted.setId == "":
      # What is a payload to the receiver is one to the sender, too.
      require accepted.payload == message
      require messagesOf(options, message) == @[message]
