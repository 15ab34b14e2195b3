/**
 * A message on its way, as the application holds it.
 * @module
 */
import type { Conversation } from "./conversation.ts";
import type { DeliveryStatus } from "./message.ts";
import type { TransferProgress } from "./notifier.ts";
import type { Waiting } from "./sending/outbox.ts";
import type { WaitOptions } from "./sending/status-wait.ts";

/** What a sent message asks of its client. */
export interface SentOperations {
  statusOf(messageId: string): Promise<DeliveryStatus>;
  statuses(messageId: string, options: WaitOptions): AsyncGenerator<DeliveryStatus, void, undefined>;
  waiting(messageId: string): Waiting | undefined;
  waitFor(messageId: string, wanted: "sent" | "delivered" | "read", options: WaitOptions): Promise<void>;
  progress(messageId: string): Promise<TransferProgress | undefined>;
  setPaused(messageId: string, isPaused: boolean): Promise<boolean>;
  cancel(conversation: Conversation, messageId: string): Promise<boolean>;
}

export class SentMessage {
  /** The same on both sides. */
  readonly id: string;
  readonly conversation: Conversation;
  readonly #operations: SentOperations;

  /** Made by the client; get one from `send` or `sentMessage`. */
  constructor(operations: SentOperations, conversation: Conversation, id: string) {
    this.#operations = operations;
    this.conversation = conversation;
    this.id = id;
  }

  /** How far it has come. Never goes back. */
  status(): Promise<DeliveryStatus> {
    return this.#operations.statusOf(this.id);
  }

  /** How far it has come, and each step from then on. Ends with the last one there can be, on `signal`, and on `close`. */
  statuses(options: WaitOptions = {}): AsyncGenerator<DeliveryStatus, void, undefined> {
    return this.#operations.statuses(this.id, options);
  }

  /** What it waits for, and until when; undefined when all of it has left. @throws {@link ChatError} `CLOSED` */
  waiting(): Waiting | undefined {
    return this.#operations.waiting(this.id);
  }

  /**
   * Resolves when a service node has taken it.
   * @throws {@link ChatError} `MESSAGE_FAILED`, `MESSAGE_CANCELLED`, `MESSAGE_DROPPED`, `CLOSED`
   */
  sent(options: WaitOptions = {}): Promise<void> {
    return this.#operations.waitFor(this.id, "sent", options);
  }

  /** Resolves when the recipient's device has it. @throws as {@link sent} */
  delivered(options: WaitOptions = {}): Promise<void> {
    return this.#operations.waitFor(this.id, "delivered", options);
  }

  /** Resolves when the recipient has read it and lets us know; many do not. @throws as {@link sent} */
  read(options: WaitOptions = {}): Promise<void> {
    return this.#operations.waitFor(this.id, "read", options);
  }

  /** Of a message of many segments that is under way: a file of more than 140 KB. Undefined for any other. */
  progress(): Promise<TransferProgress | undefined> {
    return this.#operations.progress(this.id);
  }

  /**
   * Holds up a message that has {@link progress}, also over restarts, until {@link resume}. Up to 16 segments that are
   * encrypted already still leave. @returns whether it is paused now
   */
  pause(): Promise<boolean> {
    return this.#operations.setPaused(this.id, true);
  }

  /** Goes on after {@link pause}, or after the network refused a part of it. @returns whether it was paused */
  resume(): Promise<boolean> {
    return this.#operations.setPaused(this.id, false);
  }

  /**
   * Ends a message that has {@link progress} before all of it has left: its status becomes `cancelled`, and the other side
   * drops what it has. @returns false if it is too late
   */
  cancel(): Promise<boolean> {
    return this.#operations.cancel(this.conversation, this.id);
  }
}
