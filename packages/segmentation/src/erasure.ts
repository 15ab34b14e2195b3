/**
 * Leopard Reed-Solomon by itself, for any application.
 * @module
 */
export { type ErasureBackend, ErasureCode, type ErasureCodeOptions } from "./erasure/erasure-code.ts";
export { SegmentationError, type SegmentationErrorCode } from "./errors.ts";
