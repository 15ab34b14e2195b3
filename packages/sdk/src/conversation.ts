/**
 * A conversation with one other account, as the application holds it.
 * @module
 */
import type { SafetyNumber } from "@chat/codec";
import type { OutboxPriority } from "@chat/store";
import type { HistoryOptions } from "./archive/archive.ts";
import type { ConversationHealth } from "./archive/conversation-health.ts";
import type { ChatEvent } from "./events.ts";
import type { Content, Message } from "./message.ts";
import type { TransferProgress } from "./notifier.ts";
import type { Standing } from "./peers/peer-file.ts";
import type { WaitOptions } from "./sending/status-wait.ts";
import type { SentMessage, SentOperations } from "./sent-message.ts";

export interface SendOptions extends WaitOptions {
  /**
   * What goes when the network takes less than there is: `critical` as long as any quota is left; `normal` above the low
   * mark, else in a later epoch; `optional` above the low mark, else not at all. @default "critical" for
   * text, reply, edit and delete; else "normal", in which a message of many segments is overtaken by later ones
   */
  readonly priority?: OutboxPriority;
  /**
   * A name of your own for the message, 1 to 1,024 characters: another `send` in this conversation with the same one sends
   * nothing, and returns the first message, as long as that is there. For callers that cannot know whether a call of theirs
   * succeeded: they repeat it with its key.
   */
  readonly key?: string;
}

/** What conversations and sent messages ask of their client. */
export interface ConversationOperations extends SentOperations {
  send(conversation: Conversation, content: Content, options: SendOptions): Promise<SentMessage>;
  history(conversation: Conversation, options: HistoryOptions): Promise<Message[]>;
  markRead(conversation: Conversation, upTo: Message | undefined): Promise<void>;
  typing(conversation: Conversation, isTyping: boolean): Promise<void>;
  transfers(conversation: Conversation): Promise<TransferProgress[]>;
  events(conversation: Conversation, options: WaitOptions): AsyncIterableIterator<ChatEvent>;
  deleteMessage(conversation: Conversation, messageId: string): Promise<void>;
  setExpiry(messageId: string, at: Date): Promise<void>;
  delete(conversation: Conversation): Promise<void>;
  standing(conversation: Conversation): Standing;
  health(conversation: Conversation): Promise<ConversationHealth>;
  setStanding(conversation: Conversation, standing: "open" | "blocked"): Promise<void>;
  safetyNumber(conversation: Conversation): SafetyNumber;
}

export class Conversation {
  /** Stable over restarts and new sessions. */
  readonly id: string;
  /** Account id of the other side. */
  readonly peer: string;
  readonly #operations: ConversationOperations;

  /** Made by the client; get one from `accept`, `conversations` or a message. */
  constructor(operations: ConversationOperations, id: string, peer: string) {
    this.#operations = operations;
    this.id = id;
    this.peer = peer;
  }

  /**
   * Resolves once the message is durable here: from then on it survives a crash and goes out when the network allows.
   * The recipient may be offline.
   *
   * @throws {@link ChatError} `MESSAGE_TOO_LARGE`, `OUTBOX_FULL`, `CONVERSATION_FULL`, `CLOSED`; `StoreError` if the disk
   *   fails
   */
  send(content: Content, options: SendOptions = {}): Promise<SentMessage> {
    return this.#operations.send(this, content, options);
  }

  /** What it still waits for, in both directions: missing messages, and own ones that nobody has confirmed. @throws {@link ChatError} `CLOSED` */
  health(): Promise<ConversationHealth> {
    return this.#operations.health(this);
  }

  /**
   * `request`: somebody new has begun it, and nobody has accepted it yet. Nothing is sent to them, no confirmation either,
   * and 100 messages of 1 MiB in all are kept; what is beyond comes again when it is accepted.
   *
   * @throws {@link ChatError} `NOT_FOUND` after it was deleted, `CLOSED`
   */
  standing(): Standing {
    return this.#operations.standing(this);
  }

  /** Makes a request an open conversation, as writing to it does, or takes back {@link block}. */
  accept(): Promise<void> {
    return this.#operations.setStanding(this, "open");
  }

  /** Deletes a request with all its messages; the other side is not told. They may come again with another link: {@link block}. */
  decline(): Promise<void> {
    return this.#operations.delete(this);
  }

  /**
   * From now on nothing of them is stored, or confirmed, whichever link they use; the other side is not told. What is here stays.
   * Take it back with {@link accept}, or `client.unblock`.
   */
  block(): Promise<void> {
    return this.#operations.setStanding(this, "blocked");
  }

  /**
   * Equal on both sides if nobody stands between them: 60 digits to read out, and a code to scan, which
   * `compareSafetyCode` compares. Takes some ten milliseconds. @throws {@link ChatError} `NOT_FOUND`, `CLOSED`
   */
  safetyNumber(): SafetyNumber {
    return this.#operations.safetyNumber(this);
  }

  /**
   * Messages of both sides, oldest first, in causal order as far as it is known. A page stays what it was while new
   * messages arrive. @throws `StoreError` `INVALID_OPTION` for the id of a message that is not there
   */
  history(options: HistoryOptions = {}): Promise<Message[]> {
    return this.#operations.history(this, options);
  }

  /**
   * The user has read everything up to this message, or all there is. Never goes back. The other side is told with the
   * option `readReceipts` only.
   */
  markRead(upTo?: Message): Promise<void> {
    return this.#operations.markRead(this, upTo);
  }

  /**
   * The user writes, or no longer does. Call it with every key: the other side gets one `typing` event in five seconds at
   * most, and none while quota is low, the connection is gone, or the conversation is a request.
   */
  typing(isTyping = true): Promise<void> {
    return this.#operations.typing(this, isTyping);
  }

  /** Messages of many segments that are under way, in both directions. */
  transfers(): Promise<TransferProgress[]> {
    return this.#operations.transfers(this);
  }

  /**
   * Ends a message of many segments that is under way, in either direction. The other side is told; of an incoming one, what
   * has arrived is deleted. @returns false if it is too late, or there is no such transfer
   */
  cancelTransfer(messageId: string): Promise<boolean> {
    return this.#operations.cancel(this, messageId);
  }

  /** What happens in this conversation from now on. As `client.events`. */
  events(options: WaitOptions = {}): AsyncIterableIterator<ChatEvent> {
    return this.#operations.events(this, options);
  }

  /** Deletes a message here; what of it has not left does not leave. The other side keeps its copy: see `deletion`. */
  deleteMessage(messageId: string): Promise<void> {
    return this.#operations.deleteMessage(this, messageId);
  }

  /** Deletes a message here when its time is over; of two times the earlier one. An `expired` event tells it. */
  setExpiry(messageId: string, at: Date): Promise<void> {
    return this.#operations.setExpiry(messageId, at);
  }

  /**
   * Deletes all messages and keys of the conversation here. What the other side still sends can not be read by anybody; to
   * write again, either side needs a new invite.
   */
  delete(): Promise<void> {
    return this.#operations.delete(this);
  }
}
