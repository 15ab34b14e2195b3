export { type Content, decodeContentFrame, encodeContentFrame, SUPPLIED_TYPES } from "./content-frame.ts";
export {
  type AnyContent,
  type ContentOf,
  type ContentType,
  defineContentType,
  isUnsupported,
  type UnsupportedContent,
} from "./content-type.ts";
export {
  largestPayloadWithin,
  matchesHint,
  openEnvelope,
  type ParsedEnvelope,
  parseEnvelope,
  type SealOptions,
  sealEnvelope,
} from "./envelope.ts";
export { deriveConversationKeys, deriveInboxKeys, type EnvelopeKeys, type InboxAgreement } from "./envelope-keys.ts";
export { CodecError, type CodecErrorCode } from "./errors.ts";
export { type FileContent, file, fileType, isFile } from "./file.ts";
export { type ContentBody, decodePrivateFrame, encodePrivateFrame, type PrivateFrame } from "./frame.ts";
export { encodeInvite, type IntroBundle, type InviteChecks, inviteSigningInput, parseInvite } from "./invite.ts";
export { mailboxTopic } from "./mailbox.ts";
export { paddedLength } from "./padding.ts";
export { type EncryptedPayload, MAX_PAYLOAD_OVERHEAD_BYTES, type RatchetFields } from "./payload.ts";
export { isText, type TextContent, text, textType } from "./text.ts";
