export { SegmentationError, type SegmentationErrorCode } from "./errors.ts";
export type { ReassemblerOptions, SegmenterOptions, Wrap } from "./options.ts";
export type { IncompleteReport, IndexRange } from "./partial-set.ts";
export { type AcceptResult, type DiscardReason, Reassembler } from "./reassembler.ts";
export { SEGMENT_OVERHEAD } from "./segment.ts";
export { Segmenter } from "./segmenter.ts";
