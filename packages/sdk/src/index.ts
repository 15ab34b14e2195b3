export {
  type AnyContent,
  CodecError,
  type ContentType,
  compareSafetyCode,
  defineContentType,
  deleteType,
  deletion,
  displayText,
  edit,
  editType,
  file,
  isFile,
  isText,
  isUnsupported,
  json,
  jsonType,
  reaction,
  reactionType,
  readReceipt,
  readReceiptType,
  reply,
  replyType,
  type SafetyComparison,
  type SafetyNumber,
  text,
  typing,
  typingType,
} from "@chat/codec";
export type { Quota, QuotaSource } from "@chat/ratelimit";
export { type StatusChange, StoreError, type StoreErrorCode } from "@chat/store";
export type { OpenInvite } from "./account/open-invite.ts";
export type { ConversationOverview, FindOptions, HistoryOptions, OverviewOptions } from "./archive/archive.ts";
export type { ConversationHealth } from "./archive/conversation-health.ts";
export { ChatClient, type InviteOptions } from "./client.ts";
export { type Clock, systemClock } from "./clock.ts";
export { Conversation, type SendOptions } from "./conversation.ts";
export type {
  DeliveryService,
  HealthStatus,
  InboundMessage,
  OutboundMessage,
  PublishReceipt,
  ServiceNodeRole,
  ServiceNodeStatus,
  Subscription,
  TimeRange,
} from "./delivery/delivery-service.ts";
export { dnsDiscovery, type PeerDiscovery } from "./delivery/discovery.ts";
export type { RateLimitProof, RlnProver, RlnSlot } from "./delivery/rln-prover.ts";
export type { Check, CheckName, CheckState, DoctorReport } from "./doctor/report.ts";
export { ChatError, type ChatErrorCode } from "./errors.ts";
export type { ChatEvent } from "./events.ts";
export type { Content, DeliveryStatus, IncomingMessage, Message, OutgoingMessage } from "./message.ts";
export type { Network, WakuNetwork } from "./network-options.ts";
export type { NetworkPreset } from "./network-presets.ts";
export type { TransferProgress } from "./notifier.ts";
export type { LogFields, Logger } from "./observability/logger.ts";
export type { ChatClientOptions, RateLimit } from "./options.ts";
export type { Standing } from "./peers/peer-file.ts";
export type { Requests } from "./peers/requests.ts";
export type { DiscardReason } from "./receiving/discard-counters.ts";
export type { MessageStreamOptions } from "./receiving/message-stream.ts";
export type { Waiting } from "./sending/outbox.ts";
export type { StatusChangeOptions } from "./sending/status-changes.ts";
export type { WaitOptions } from "./sending/status-wait.ts";
export { SentMessage } from "./sent-message.ts";
