## What a search may cost. Forging costs its sender traffic, so the work it causes is kept in proportion to that.

type Effort* = object
  ## Counts in steps: a multiplication of field elements, or what takes about as long, which is a nanosecond.
  steps*: int64

proc spend*(effort: var Effort, steps: int64): bool =
  ## Whether there were so many left; otherwise none are taken.
  if steps > effort.steps:
    return false
  effort.steps -= steps
  true
