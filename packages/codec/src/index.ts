export {
  type DeleteContent,
  deleteType,
  deletion,
  type EditContent,
  edit,
  editType,
  type ReactionContent,
  type ReplyContent,
  reaction,
  reactionType,
  reply,
  replyType,
} from "./about-message.ts";
export { type ContentRegistry, contentTypeName, createContentRegistry } from "./content-registry.ts";
export {
  type AnyContent,
  type ContentOf,
  type ContentType,
  type ContentTypeDefinition,
  type DefinedContentType,
  defineContentType,
  isUnsupported,
  type UnsupportedContent,
} from "./content-type.ts";
export { displayText } from "./display-text.ts";
export {
  largestPayloadWithin,
  matchesHint,
  openEnvelope,
  type ParsedEnvelope,
  parseEnvelope,
  type SealOptions,
  sealEnvelope,
  unsupportedVersion,
} from "./envelope.ts";
export { deriveConversationKeys, deriveInboxKeys, type EnvelopeKeys, type InboxAgreement } from "./envelope-keys.ts";
export { CodecError, type CodecErrorCode } from "./errors.ts";
export { type FileContent, file, fileType, isFile, type Thumbnail } from "./file.ts";
export {
  type CancelledBody,
  type ContentBody,
  decodePrivateFrame,
  encodePrivateFrame,
  type PrivateFrame,
  type RenewalBody,
  type ResumeBody,
  type ResumedBody,
  type UnknownBody,
} from "./frame.ts";
export {
  encodeInvite,
  type IntroBundle,
  type InviteChecks,
  inviteSigningInput,
  inviteUrl,
  isTrustedBundle,
  parseInvite,
} from "./invite.ts";
export { type JsonContent, type JsonValue, json, jsonType } from "./json.ts";
export { mailboxTopic } from "./mailbox.ts";
export { encodeNewerPart, type NewerPart } from "./newer-part.ts";
export { paddedLength } from "./padding.ts";
export {
  type EncryptedPayload,
  HYBRID_OVERHEAD_BYTES,
  MAX_PAYLOAD_OVERHEAD_BYTES,
  type RatchetFields,
  type UnsupportedPayload,
} from "./payload.ts";
export { compareSafetyCode, type SafetyComparison, type SafetyNumber, safetyNumber } from "./safety-number.ts";
export {
  type ReadReceiptContent,
  readReceipt,
  readReceiptType,
  type TypingContent,
  typing,
  typingType,
} from "./signals.ts";
export { type Content, decodeContentFrame, encodeContentFrame, SUPPLIED_TYPES } from "./supplied-types.ts";
export { isText, type TextContent, text, textType } from "./text.ts";
