export { BloomFilter, type BloomFilterOptions } from "./bloom-filter.ts";
export { SdsError, type SdsErrorCode } from "./errors.ts";
export type { Released, SdsEvent } from "./events.ts";
export { type ExpireResult, expireGaps, nextWakeUpMs } from "./gaps.ts";
export { type Handover, type Held, type HoldLimits, hold, type IsOpen, release, releaseOverdue } from "./hold.ts";
export { type About, type Form, type NameMessage, parse, type SdsMessage } from "./message.ts";
export type { Named } from "./message-id.ts";
export type { CarryOptions } from "./outgoing.ts";
export type { Participant } from "./participant.ts";
export type { RandomBytes } from "./random.ts";
export { idsIn, type ReceiveOptions, type ReceiveResult, receive } from "./receive.ts";
export { repairDue, repaired, requestsDue } from "./repair.ts";
export type { RepairOptions } from "./repair-options.ts";
export {
  acknowledgementDelayMs,
  FIRST_RETRANSMISSION_MS,
  postponed,
  retransmissionsDue,
  retransmitted,
} from "./schedule.ts";
export {
  type AcknowledgeOptions,
  acknowledge,
  type SendOptions,
  type SendResult,
  send,
  sendEphemeral,
} from "./send.ts";
export { decodeState, encodeState } from "./snapshot.ts";
export {
  type ChannelState,
  type Missing,
  type MissingRequest,
  type Outstanding,
  openChannel,
  owesAcknowledgement,
  type Requested,
  type Side,
} from "./state.ts";
export { type WithdrawResult, withdraw } from "./withdraw.ts";
