## The sets that were completed lately, so that their late segments are not taken for the beginning of new ones. One sender cannot have
## those of others forgotten before it fills half of the memory by itself.
import std/[lists, tables]

type
  Completed = object
    key, sender: string
    atMs: int64

  CompletedSets* = object
    limit: int
    sets: DoublyLinkedList[Completed] ## Oldest first.
    nodes: Table[string, DoublyLinkedNode[Completed]]
    ofSender: CountTable[string]

proc initCompletedSets*(limit: int): CompletedSets =
  CompletedSets(limit: limit)

proc contains*(completed: CompletedSets, key: string): bool =
  key in completed.nodes

proc delete(completed: var CompletedSets, node: sink DoublyLinkedNode[Completed]) =
  # `sink`: the list may hold the last reference.
  completed.nodes.del node.value.key
  completed.ofSender.inc(node.value.sender, -1) # At 0 it is gone.
  completed.sets.remove node

proc add*(completed: var CompletedSets, key, sender: string, atMs: int64) =
  if key in completed.nodes:
    completed.delete completed.nodes[key]
  let added = newDoublyLinkedNode(Completed(key: key, sender: sender, atMs: atMs))
  completed.sets.add added
  completed.nodes[key] = added
  completed.ofSender.inc sender
  if completed.nodes.len <= completed.limit:
    return
  let isGreedy = 2 * completed.ofSender[sender] > completed.limit
  for node in completed.sets.nodes:
    if not isGreedy or node.value.sender == sender:
      completed.delete node
      return

proc forget*(completed: var CompletedSets, deadlineMs: int64) =
  ## What was completed at the deadline or earlier.
  while not completed.sets.head.isNil and completed.sets.head.value.atMs <= deadlineMs:
    completed.delete completed.sets.head

proc setBackClock*(completed: var CompletedSets, nowMs: int64) =
  ## Nothing was completed later than now.
  for node in completed.sets.nodes:
    node.value.atMs = min(node.value.atMs, nowMs)
