/** Conversations: beginning, reading, ending them. @module */
import type { Conversation } from "@chat/sdk";
import type { ServiceImpl } from "@connectrpc/connect";
import type { Accounts } from "../accounts.ts";
import { contentFromWire } from "../convert/content.ts";
import { priorityFromWire, standingToWire, statusFromWire } from "../convert/enums.ts";
import { messageToWire } from "../convert/message.ts";
import { DaemonError } from "../errors.ts";
import { type ConversationService, type FindRequest, Standing } from "../gen/chat/daemon/v1/conversation_pb.ts";
import { pageLimit } from "./page-limit.ts";

type Named = { readonly account: string; readonly conversationId: string };

export function conversationService(accounts: Accounts): ServiceImpl<typeof ConversationService> {
  const conversationOf = async ({ account, conversationId }: Named): Promise<Conversation> => {
    return (await accounts.get(account)).conversation(conversationId);
  };
  return {
    acceptInvite: async ({ account, link, content, priority, key }, { signal }) => {
      const client = await accounts.get(account);
      const first = content && contentFromWire(content);
      const options = { ...priorityFromWire(priority), ...(key !== "" && { key }), signal };
      return { conversationId: (await client.accept(link, first, options)).id };
    },
    listConversations: async ({ account, limit, before }) => {
      const client = await accounts.get(account);
      const place = before !== undefined && { before: Number(before) };
      const page = await client.overview({ limit: pageLimit(limit), ...place });
      return {
        conversations: page.map(({ conversation: { id, peer }, activity, unreadCount, standing, last }) => ({
          id,
          peer,
          standing: standingToWire(standing),
          unread: BigInt(unreadCount),
          activity: BigInt(activity),
          ...(last && { last: messageToWire(last) }),
        })),
      };
    },
    getHistory: async ({ account, conversationId, limit, place }) => {
      const conversation = await conversationOf({ account, conversationId });
      const from = place.case === undefined ? {} : { [place.case]: place.value };
      const messages = await conversation.history({ limit: pageLimit(limit), ...from });
      return { messages: messages.map(messageToWire) };
    },
    find: async (request, { signal }) => {
      const client = await accounts.get(request.account);
      const { conversationId, limit, before } = request;
      const messages = await client.find({
        ...wantedOf(request),
        ...(conversationId !== "" && { conversation: await client.conversation(conversationId) }),
        ...(before !== undefined && { before: Number(before) }),
        limit: pageLimit(limit),
        signal,
      });
      return { messages: messages.map(messageToWire) };
    },
    markRead: async ({ upToMessageId, ...named }) => {
      const conversation = await conversationOf(named);
      const upTo = upToMessageId === "" ? undefined : await (await accounts.get(named.account)).message(upToMessageId);
      await conversation.markRead(upTo);
      return {};
    },
    setTyping: async ({ isTyping, ...named }) => {
      await (await conversationOf(named)).typing(isTyping);
      return {};
    },
    setStanding: async ({ standing, ...named }) => {
      const conversation = await conversationOf(named);
      if (standing === Standing.OPEN) await conversation.accept();
      else if (standing === Standing.BLOCKED) await conversation.block();
      else throw new DaemonError("INVALID_OPTION", `standing: want open or blocked, got ${standing}`);
      return {};
    },
    deleteConversation: async (named) => {
      await (await conversationOf(named)).delete();
      return {};
    },
    getConversationHealth: async (named) => {
      const health = await (await conversationOf(named)).health();
      return {
        missing: BigInt(health.missing),
        missingSinceMs: BigInt(health.missingSince?.getTime() ?? 0),
        held: BigInt(health.held),
        unconfirmed: BigInt(health.unconfirmed),
        unsent: BigInt(health.unsent),
        canSend: health.canSend,
        isComplete: health.isComplete,
      };
    },
    getSafetyNumber: async (named) => {
      const { digits, code } = (await conversationOf(named)).safetyNumber();
      return { digits, code };
    },
  };
}

function wantedOf({ what }: FindRequest) {
  if (what.case === "text") return { text: what.value };
  if (what.case === "status") return { status: statusFromWire(what.value) };
  throw new DaemonError("INVALID_OPTION", "what: want text or status, got neither");
}
