export { SegmentationError, type SegmentationErrorCode } from "./errors.ts";
export type { Clock, ReassemblerObserver, ReassemblerOptions, SegmenterOptions, Wrap } from "./options.ts";
export type { Parity } from "./parity.ts";
export {
  DurableReassembler,
  type DurableReassemblerOptions,
  type RecoveredPayload,
} from "./receiving/durable-reassembler.ts";
export {
  type CompletedSet,
  MemoryPartialSetStore,
  type PartialSetStore,
  type StoredSegment,
} from "./receiving/partial-set-store.ts";
export { Reassembler } from "./receiving/reassembler.ts";
export type { AcceptResult, DiscardReason, IncompleteReport, IndexRange } from "./receiving/results.ts";
export { readSetId, SEGMENT_OVERHEAD } from "./segment.ts";
export { Segmenter } from "./sending/segmenter.ts";
export type { Segments } from "./sending/segments.ts";
