/**
 * Reading what is in the message database, as the application sees it.
 * @module
 */
import { displayText, isFile, isText, isUnsupported, replyType } from "@chat/codec";
import type { MessageRecord, MessageStore, StoreStatistics } from "@chat/store";
import type { Context } from "../context.ts";
import type { Conversation } from "../conversation.ts";
import { ChatError } from "../errors.ts";
import type { AnyContentType, Contents, Message } from "../message.ts";
import type { Standing } from "../peers/peer-file.ts";

const DEFAULT_LIMIT = 50;

export interface HistoryOptions {
  /** At most this many messages. @default 50 */
  readonly limit?: number;
  /** Id of a message: the newest of those that are older. At most one of these three; without any, the newest of all. */
  readonly before?: string;
  /** Id of a message: the oldest of those that are newer. */
  readonly after?: string;
  /** Id of a message: half of them older, then this one and newer ones. */
  readonly around?: string;
}

export interface OverviewOptions {
  /** At most this many conversations. @default 50 */
  readonly limit?: number;
  /** The `activity` of the last one of the page before. */
  readonly before?: number;
}

/** A conversation as a list of conversations shows it. */
export type ConversationOverview = {
  readonly conversation: Conversation;
  /** Grows over all conversations with each message; of no meaning but its order. */
  readonly activity: number;
  readonly unreadCount: number;
  /** `request`: a stranger has begun it, and it waits for `accept`, `decline` or `block`. */
  readonly standing: Standing;
  /** Absent where nothing was said, or everything was deleted. */
  readonly last?: Message;
};

export interface FindOptions {
  /** Messages whose text has all these words, whatever their case and accents, or words that begin so. Needs `search: true`. */
  readonly text?: string;
  readonly status?: MessageRecord["status"];
  readonly type?: AnyContentType;
  /** @default all */
  readonly conversation?: Conversation;
  /** `sequence` of the last one of the page before. */
  readonly before?: number;
  /** At most this many. @default 50 */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

/** From records to what the application sees. */
type Views = {
  readonly toMessage: (record: MessageRecord) => Message;
  readonly toConversation: (id: string) => Conversation;
  readonly standingOf: (id: string) => Standing;
};

export class Archive {
  readonly #messages: MessageStore;
  readonly #views: Views;

  constructor({ store }: Context, views: Views) {
    this.#messages = store.messages;
    this.#views = views;
  }

  async history({ id }: Conversation, { limit = DEFAULT_LIMIT, ...place }: HistoryOptions): Promise<Message[]> {
    return (await this.#messages.page(id, { limit, ...place })).map(this.#views.toMessage);
  }

  async overview({ limit = DEFAULT_LIMIT, ...options }: OverviewOptions): Promise<ConversationOverview[]> {
    const { toMessage, toConversation, standingOf } = this.#views;
    const page = await this.#messages.conversationPage({ limit, ...options });
    return page.map(({ id, activity, unreadCount, last }) => ({
      conversation: toConversation(id),
      activity,
      unreadCount,
      standing: standingOf(id),
      ...(last && { last: toMessage(last) }),
    }));
  }

  /** Newest first. @throws {@link ChatError} `INVALID_OPTION` unless one of `text`, `status` and `type` is given */
  async find({
    text,
    status,
    type,
    conversation,
    before,
    limit = DEFAULT_LIMIT,
    signal,
  }: FindOptions): Promise<Message[]> {
    const options = {
      limit,
      ...(conversation && { conversationId: conversation.id }),
      ...(before !== undefined && { before }),
    };
    if ([text, status, type].filter((wanted) => wanted !== undefined).length !== 1) {
      throw new ChatError("INVALID_OPTION", "find: want exactly one of text, status and type");
    }
    const found =
      text !== undefined
        ? this.#messages.search(text, { ...options, ...(signal && { signal }) })
        : status !== undefined
          ? this.#messages.withStatus(status, options)
          : this.#messages.withContentType(`${type?.domain}/${type?.tag}`, options);
    return (await found).map(this.#views.toMessage);
  }

  statistics(): Promise<StoreStatistics> {
    return this.#messages.statistics();
  }
}

/** What of a message is found by `text`: what a person reads in it. */
export function searchableText(record: MessageRecord, contents: Contents): string | undefined {
  const content = contents.decode(record.content);
  if (isText(content)) return content.text;
  if (replyType.is(content)) return content.text;
  if (isFile(content)) return displayText(content.name, content.name.length);
  return isUnsupported(content) && content.fallback !== "" ? content.fallback : undefined;
}
