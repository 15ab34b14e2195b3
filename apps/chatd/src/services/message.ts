/** Messages: sending, following, fetching them. @module */
import { type ChatClient, file, isFile, type SentMessage } from "@chat/sdk";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import type { Accounts } from "../accounts.ts";
import { contentFromWire } from "../convert/content.ts";
import { priorityFromWire, statusFromWire, statusToWire } from "../convert/enums.ts";
import { messageToWire, transferToWire } from "../convert/message.ts";
import { DaemonError } from "../errors.ts";
import {
  type DownloadRequest,
  type MessageService,
  type SubscribeRequest,
  TransferAction,
} from "../gen/chat/daemon/v1/message_pb.ts";
import { subscribe } from "../subscription.ts";
import type { Uploads } from "../uploads.ts";

const DOWNLOAD_CHUNK_BYTES = 256 * 1024;

/** @param closing - aborted when the daemon shuts down: streams end then */
export function messageService(
  accounts: Accounts,
  uploads: Uploads,
  closing: AbortSignal,
): ServiceImpl<typeof MessageService> {
  return {
    send: async ({ account, conversationId, content, priority, key }, { signal }) => {
      const conversation = await (await accounts.get(account)).conversation(conversationId);
      const options = { ...priorityFromWire(priority), ...(key !== "" && { key }), signal };
      return { messageId: (await conversation.send(contentFromWire(content), options)).id };
    },
    sendFile: (parts) =>
      uploads.take(parts, async ({ header, bytes }) => {
        const { account, conversationId, name, mediaType, priority, key } = header;
        const conversation = await (await accounts.get(account)).conversation(conversationId);
        const options = { ...priorityFromWire(priority), ...(key !== "" && { key }) };
        return { messageId: (await conversation.send(file({ name, mediaType, bytes }), options)).id };
      }),
    async *subscribe({ account, ...place }: SubscribeRequest, { signal }: HandlerContext) {
      yield* subscribe(await accounts.get(account), place, AbortSignal.any([signal, closing]));
    },
    getMessage: async ({ account, messageId }) => {
      return { message: messageToWire(await (await accounts.get(account)).message(messageId)) };
    },
    async *download({ account, messageId }: DownloadRequest) {
      const { content } = await (await accounts.get(account)).message(messageId);
      if (!isFile(content))
        throw new DaemonError("INVALID_OPTION", `message ${messageId}: want a file, got another kind`);
      for (let at = 0; at < content.bytes.length; at += DOWNLOAD_CHUNK_BYTES) {
        yield { chunk: content.bytes.subarray(at, at + DOWNLOAD_CHUNK_BYTES) };
      }
    },
    waitFor: async ({ account, messageId, status }, { signal }) => {
      const sent = await (await accounts.get(account)).sentMessage(messageId);
      await reached(sent, statusFromWire(status), AbortSignal.any([signal, closing]));
      return { status: statusToWire(await sent.status()) };
    },
    deleteMessage: async ({ account, messageId }) => {
      const { conversation } = await (await accounts.get(account)).message(messageId);
      await conversation.deleteMessage(messageId);
      return {};
    },
    listTransfers: async ({ account, conversationId }) => {
      const conversation = await (await accounts.get(account)).conversation(conversationId);
      return { transfers: (await conversation.transfers()).map(transferToWire) };
    },
    controlTransfer: async ({ account, messageId, action }) => {
      return { done: await controlled(await accounts.get(account), messageId, action) };
    },
  };
}

async function reached(sent: SentMessage, status: string, signal: AbortSignal): Promise<void> {
  if (status !== "sent" && status !== "delivered" && status !== "read") {
    throw new DaemonError("INVALID_OPTION", `status: want sent, delivered or read, got ${status}`);
  }
  await sent[status]({ signal });
}

async function controlled(client: ChatClient, messageId: string, action: TransferAction): Promise<boolean> {
  if (action === TransferAction.CANCEL) {
    // An incoming one is no message yet: its conversation is found among those that have transfers.
    for (const conversation of await client.conversations()) {
      if (await conversation.cancelTransfer(messageId)) return true;
    }
    return false;
  }
  const sent = await client.sentMessage(messageId);
  if (action === TransferAction.PAUSE) return sent.pause();
  if (action === TransferAction.RESUME) return sent.resume();
  throw new DaemonError("INVALID_OPTION", `action: want one that this daemon knows, got ${String(action)}`);
}
