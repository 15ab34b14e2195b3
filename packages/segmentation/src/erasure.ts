/**
 * Leopard Reed-Solomon by itself, for any application.
 * @module
 */
export type { ErasureBackend } from "./erasure/backend.ts";
export { ErasureCode, type ErasureCodeOptions } from "./erasure/erasure-code.ts";
export { SegmentationError, type SegmentationErrorCode } from "./errors.ts";
