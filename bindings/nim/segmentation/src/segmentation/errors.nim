## What may be wrong with an option or a payload.

type
  SegmentationErrorCode* = enum
    ## Stable; the text is as the siblings in other languages have it.
    invalidOption = "INVALID_OPTION" ## An option is out of its range.
    payloadTooLarge = "PAYLOAD_TOO_LARGE" ## The payload is larger than `maxPayloadSize`.
    tooManySegments = "TOO_MANY_SEGMENTS" ## It would need more than `maxTotalSegments`, or more than any code has.
  SegmentationError* = object of CatchableError
    ## What was wanted and what was seen.
    code*: SegmentationErrorCode

proc newSegmentationError*(code: SegmentationErrorCode, message: string): ref SegmentationError =
  (ref SegmentationError)(code: code, msg: $code & ": " & message)
