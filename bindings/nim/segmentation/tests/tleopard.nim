## Parity equals that of catid's Leopard: `vectors/leopard.json`.
import std/[json, os, sets, strutils, unittest]
import ../src/segmentation/leopard
import ./sha256

const vectors = currentSourcePath().parentDir / "../../../../vectors/leopard.json"

proc bytesOf(hex: string): seq[byte] =
  for character in parseHexStr(hex):
    result.add byte(character)

suite "leopard":
  test "sha256 of the tests":
    check sha256([@[byte('a'), byte('b'), byte('c')]]) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

  test "every vector, and data from parity":
    let file = parseFile(vectors)
    var paths: HashSet[string]
    for list in ["vectors", "digests"]:
      for vector in file[list]:
        let (k, m, size) = (vector["k"].getInt, vector["m"].getInt, vector["bytes"].getInt)
        checkpoint($k & " + " & $m & " of " & $size & ", " & vector["path"].getStr)
        paths.incl vector["path"].getStr
        var payload = newSeq[byte](k * size)
        for j in 0 ..< k:
          for i in 0 ..< size:
            payload[j * size + i] = byte((i * 37 + j * 101 + 11) and 255)
        let parity = encode(payload, k, m, size)
        require sha256(parity) == vector["sha256"].getStr
        if vector.hasKey("parity"):
          for index, shard in parity:
            require shard == bytesOf(vector["parity"][index].getStr)
        # As many data shards are lost as there is parity, and with less parity, fewer.
        for count in [m, (m + 1) div 2, 1]:
          var left = payload
          var lost: seq[int]
          for number in 0 ..< count:
            let index = number * k div count
            lost.add index
            for i in 0 ..< size:
              left[index * size + i] = 0
          var there = parity
          for index in 0 ..< m - count:
            there[index].setLen 0
          recover(left, lost, k, there, size)
          require left == payload
    check paths.len == 4
