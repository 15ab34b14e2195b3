export type { WakuClock } from "./waku/clock.ts";
export { type ReceivingNode, receiveSegmented, type SegmentedSubscription } from "./waku/receive.ts";
export {
  type ReceivedMessage,
  type ReceiveProgress,
  SegmentedReceiver,
  type SegmentedReceiverOptions,
} from "./waku/segmented-receiver.ts";
export {
  type PushResult,
  type SendingNode,
  type SendProgress,
  type SendReceipt,
  type SendSegmentedOptions,
  sendSegmented,
} from "./waku/send.ts";
export { DEFAULT_MAX_MESSAGE_SIZE, MAX_WAKU_MESSAGE_SIZE } from "./waku/sizes.ts";
