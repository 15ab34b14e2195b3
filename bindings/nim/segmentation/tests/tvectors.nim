## What every implementation is held to: `vectors/segmentation.json`.
import std/[json, os, strutils, unittest]
import ../src/segmentation
import ../src/segmentation/keccak

let vectors = parseFile(currentSourcePath().parentDir / "../../../../vectors/segmentation.json")

proc bytesOf(hex: string): seq[byte] =
  for character in parseHexStr(hex):
    result.add byte(character)

proc hexOf(bytes: openArray[byte]): string =
  for value in bytes:
    result.add toHex(value).toLowerAscii

proc common(given: JsonNode): Options =
  result = initOptions(given["maxMessageSize"].getInt)
  result.maxPayloadSize = given{"maxPayloadSize"}.getInt(result.maxPayloadSize)
  result.maxTotalSegments = given{"maxTotalSegments"}.getInt(result.maxTotalSegments)
  if given{"wrap"}.getStr == "always":
    result.wrap = always
  result.blind = given{"blind"}.getBool

proc settings(given: JsonNode): SegmenterOptions =
  result = initSegmenterOptions(common(given))
  let parity = given{"parity"}
  if parity.isNil: discard
  elif parity.kind == JObject: result.parity = parityRate(parity["rate"].getFloat)
  elif parity.getStr == "none": result.parity = Parity(kind: noParity)

proc always(bytes: seq[byte]): RandomSource =
  result = proc (count: int): seq[byte] = bytes[0 ..< count]

proc payloadOf(length, seed: int): seq[byte] =
  for i in 0 ..< length:
    result.add byte((i * 167 + (i shr 8) * 59 + seed) and 255)

proc shown(accepted: AcceptResult, sender: string): JsonNode =
  ## As the vectors have it.
  result = %*{"kind": $accepted.kind}
  if accepted.setId != "":
    result["setId"] = %accepted.setId
  case accepted.kind
  of complete:
    result["payload"] = %*{"bytes": accepted.payload.len, "keccak256": keccak256(accepted.payload).toHex}
    if sender != "":
      result["sender"] = %sender
    if accepted.forged > 0:
      result["forged"] = %accepted.forged
  of pending:
    result["index"] = %accepted.index
    result["isParity"] = %accepted.isParity
    result["held"] = %accepted.held
    result["needed"] = %accepted.needed
    result["total"] = %accepted.total
  of discarded:
    result["reason"] = %($accepted.reason)

proc shown(report: IncompleteReport): JsonNode =
  result = %report
  if report.sender == "":
    result.delete "sender"

suite "vectors":
  test "segmenting":
    for vector in vectors["segmenting"]:
      checkpoint vector["name"].getStr
      var settings = settings(vector["options"])
      if vector.hasKey("blinding"):
        settings.random = always(bytesOf(vector["blinding"].getStr))
      let payload = payloadOf(vector["payload"]["bytes"].getInt, vector["payload"]["seed"].getInt)
      let segments = initSegmenter(settings).segment(payload)
      require segments.setId == vector{"setId"}.getStr
      require segments.total == vector["total"].getInt
      var all: seq[byte]
      var count = 0
      for message in segments:
        if vector.hasKey("messages"):
          require hexOf(message) == vector["messages"][count].getStr
        for shift in [24, 16, 8, 0]:
          all.add byte(message.len shr shift and 255)
        all.add message
        count += 1
      require count == segments.total
      require keccak256(all).toHex == vector["keccak256"].getStr

  test "refused":
    for vector in vectors["refused"]:
      checkpoint vector["name"].getStr
      try:
        discard initSegmenter(settings(vector["options"])).segment(newSeq[byte](vector["payloadBytes"].getInt))
        fail()
      except SegmentationError as error:
        require $error.code == vector["code"].getStr
        require error.msg.startsWith($error.code)

  test "accepting":
    for vector in vectors["accepting"]:
      let given = vector["options"]
      var options = initReassemblerOptions(common(given))
      options.maxBufferedBytes = given{"maxBufferedBytes"}.getInt(options.maxBufferedBytes)
      options.maxSets = given{"maxSets"}.getInt(options.maxSets)
      options.maxCompletedSets = given{"maxCompletedSets"}.getInt(options.maxCompletedSets)
      options.timeoutMs = given{"timeoutMs"}.getInt(options.timeoutMs)
      let reassembler = newReassembler(options)
      var number = 0
      for step in vector["steps"]:
        checkpoint vector["name"].getStr & ", step " & $number
        let (nowMs, sender) = (step["nowMs"].getBiggestInt, step{"sender"}.getStr)
        if step.hasKey("expire"):
          var reports = newJArray()
          for report in reassembler.expire(nowMs):
            reports.add shown(report)
          require reports == step["expire"]
        elif step.hasKey("markComplete"):
          reassembler.markComplete(step["markComplete"].getStr, sender, nowMs)
        else:
          let accepted = reassembler.accept(bytesOf(step["message"].getStr), sender, nowMs)
          require shown(accepted, sender) == step["result"]
        require reassembler.bufferedBytes == step["bufferedBytes"].getInt
        number += 1

  test "what a set id tells":
    let id = vectors["segmenting"][1]{"setId"}.getStr
    let (hash, length) = readSetId(vectors["accepting"][0]["steps"][0]["result"]["setId"].getStr)
    check (hash.toHex[0 .. 3], length) == ("73bb", 1000)
    for other in ["", "x-1-1-1-1", id & "-1", "zz" & id.substr(2)]:
      expect SegmentationError:
        discard readSetId(other)
