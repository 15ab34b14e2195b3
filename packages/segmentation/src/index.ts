export {
  DurableReassembler,
  type DurableReassemblerOptions,
  type RecoveredPayload,
} from "./durable-reassembler.ts";
export { SegmentationError, type SegmentationErrorCode } from "./errors.ts";
export type { Clock, ReassemblerObserver, ReassemblerOptions, SegmenterOptions, Wrap } from "./options.ts";
export type { Parity } from "./parity.ts";
export {
  type CompletedSet,
  MemoryPartialSetStore,
  type PartialSetStore,
  type StoredSegment,
} from "./partial-set-store.ts";
export { Reassembler } from "./reassembler.ts";
export type { AcceptResult, DiscardReason, IncompleteReport, IndexRange } from "./results.ts";
export { SEGMENT_OVERHEAD } from "./segment.ts";
export { Segmenter } from "./segmenter.ts";
export type { Segments } from "./segments.ts";
