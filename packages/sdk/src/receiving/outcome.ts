/**
 * How a message was processed.
 * @module
 */
import type { DiscardReason } from "./discard-counters.ts";

export type Outcome = "durable" | DiscardReason;
