/**
 * Messages, transfers and quota in the daemon's interface.
 * @module
 */
import { create } from "@bufbuild/protobuf";
import type { Message, Quota, TransferProgress } from "@chat/sdk";
import { QuotaSchema, type Quota as WireQuota } from "../gen/chat/daemon/v1/account_pb.ts";
import {
  MessageSchema,
  TransferSchema,
  type Message as WireMessage,
  type Transfer as WireTransfer,
} from "../gen/chat/daemon/v1/message_pb.ts";
import { contentToWire } from "./content.ts";
import { statusToWire } from "./enums.ts";

export function messageToWire(message: Message): WireMessage {
  const { id, conversation, content, sentAt, sequence, expiresAt } = message;
  return create(MessageSchema, {
    id,
    conversationId: conversation.id,
    status: statusToWire(message.direction === "incoming" ? "received" : message.status),
    content: contentToWire(content),
    sentAtMs: BigInt(sentAt.getTime()),
    sequence: BigInt(sequence),
    expiresAtMs: BigInt(expiresAt?.getTime() ?? 0),
  });
}

export function transferToWire(progress: TransferProgress): WireTransfer {
  const { messageId, conversationId, direction, doneBytes, totalBytes, sentBytes = 0, isPaused = false } = progress;
  return create(TransferSchema, {
    messageId,
    conversationId,
    isIncoming: direction === "incoming",
    doneBytes: BigInt(doneBytes),
    totalBytes: BigInt(totalBytes),
    sentBytes: BigInt(sentBytes),
    isPaused,
  });
}

export function quotaToWire({ epoch, total, used, remaining, level, resetsAtMs }: Quota): WireQuota {
  const counts = { total: BigInt(total), used: BigInt(used), remaining: BigInt(remaining) };
  return create(QuotaSchema, { epoch: BigInt(epoch), ...counts, level, resetsAtMs: BigInt(Math.ceil(resetsAtMs)) });
}
