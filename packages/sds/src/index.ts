export { BloomFilter, type BloomFilterOptions } from "./bloom-filter.ts";
export { SdsError, type SdsErrorCode } from "./errors.ts";
export { parse, type SdsMessage } from "./message.ts";
export type { RandomBytes } from "./random.ts";
export { idsIn, type ReceiveOptions, type ReceiveResult, receive, type SdsEvent } from "./receive.ts";
export {
  acknowledgementDelayMs,
  expireGaps,
  nextWakeUpMs,
  postponed,
  retransmissionsDue,
  retransmitted,
} from "./schedule.ts";
export { type AcknowledgeOptions, acknowledge, type SendOptions, type SendResult, send } from "./send.ts";
export { decodeState, encodeState } from "./snapshot.ts";
export {
  type ChannelState,
  type Missing,
  type Outstanding,
  openChannel,
  owesAcknowledgement,
  type Side,
} from "./state.ts";
