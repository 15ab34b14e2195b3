## What a search is about.
import std/tables

type
  Candidates* = Table[int, seq[seq[byte]]]
    ## By position, data from 0, then parity: at least one chunk each, different ones, first come, first.

  ForgedSet* = object
    dataCount*: int
    parityCount*: int ## 0 where there is no code.
    shardSize*: int ## In bytes; a multiple of 64. Shorter candidates count as if zeros followed.
    positions*: seq[int] ## That have candidates, at least `dataCount`, in the order in which they came.
    candidates*: ptr Candidates ## The first ones of all positions together are known to be wrong.

const lost* = -1 ## Instead of the index of a candidate: none of them is true.

type
  Choice* = OrderedTable[int, int]
    ## By position: the index of the candidate where that is not 0, or `lost`.
  Try* = proc (choice: Choice): bool ## Asked of each choice; true ends the search.
