## What becomes of a message that was received, and of a set that never becomes whole.

const maxReportedRanges* = 1_024 ## A hostile sender can leave 32,768 holes; the first of them will do.

type
  DiscardReason* = enum
    ## Why nothing was kept of a message.
    undecodable ## Not a segment message; with `always`.
    invalid ## A segment message that contradicts itself or LIP-243; with `always`.
    oversized ## Beyond `maxMessageSize`, `maxPayloadSize`, `maxTotalSegments` or `maxBufferedBytes`.
    duplicate ## Held already, or of a set that was completed.
    mismatch ## Its index is held with other bytes, and there is no room for one more alternative.

  ResultKind* = enum
    complete, pending, discarded

  AcceptResult* = object
    ## What became of a message.
    setId*: string ## Empty for a payload that travelled as it is, and for what is no segment.
    case kind*: ResultKind
    of complete: ## The payload is whole and its Keccak-256 was checked.
      payload*: seq[byte]
      forged*: int ## How many indexes had been given forged bytes.
    of pending: ## The segment is held.
      index*: int ## Within data or within parity.
      isParity*: bool
      held*: int ## Different indexes that are held.
      needed*: int ## How many more segments it takes, at least.
      total*: int ## Data and parity segments of the set.
    of discarded: ## Nothing was kept.
      reason*: DiscardReason

  IndexRange* = object
    first*, last*: int ## Both are in it.

  GivenUp* = enum
    timeout
    evicted ## The bounds on memory left no room for it.

  IncompleteReport* = object
    ## A set that will not be put together.
    setId*: string
    sender*: string ## As given to `accept`; empty for none.
    reason*: GivenUp
    payloadLength*: int ## In bytes.
    held*, needed*, total*: int
    missing*: seq[IndexRange] ## Data segments that never came, in order; at most 1,024 ranges.
    missingParity*: seq[IndexRange]
    forged*: bool ## Whether enough came but were not the payload that was announced.
    ageMs*: int64 ## Since the first segment.
