/**
 * A participant of `@waku/sds`, with the clock that it takes from its surroundings. Its channels send nothing by
 * themselves: this class does what its owner's timers would.
 */
import { createHash } from "node:crypto";
import { type ContentMessage, Message, MessageChannel, MessageChannelEvent } from "@waku/sds";

export const TEXT = new TextEncoder();

/** How it names messages: equal contents have equal names. */
export function sha256Hex(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

export class Incumbent {
  readonly channel: MessageChannel;
  readonly delivered: string[] = [];
  readonly acknowledged: string[] = [];
  readonly possiblyAcknowledged: string[] = [];

  constructor(channelId: string, participantId: string, options: ConstructorParameters<typeof MessageChannel>[2] = {}) {
    this.channel = new MessageChannel(channelId, participantId, options);
    this.channel.addEventListener(MessageChannelEvent.InMessageDelivered, ({ detail }) => this.delivered.push(detail));
    this.channel.addEventListener(MessageChannelEvent.OutMessageAcknowledged, ({ detail }) =>
      this.acknowledged.push(detail),
    );
    this.channel.addEventListener(MessageChannelEvent.OutMessagePossiblyAcknowledged, ({ detail }) =>
      this.possiblyAcknowledged.push(detail.messageId),
    );
  }

  /** Content as bytes; the same text again is a retransmission while it is unacknowledged. */
  async send(text: string): Promise<Uint8Array> {
    let sent: Uint8Array | undefined;
    this.channel.pushOutgoingMessage(TEXT.encode(text), async (message) => {
      sent = message.encode();
      return { success: true };
    });
    await this.channel.processTasks();
    if (sent === undefined) throw new RangeError("nothing was sent");
    return sent;
  }

  async sendEphemeral(text: string): Promise<Uint8Array> {
    let sent: Uint8Array | undefined;
    await this.channel.pushOutgoingEphemeralMessage(TEXT.encode(text), async (message) => {
      sent = message.encode();
      return true;
    });
    await this.channel.processTasks();
    if (sent === undefined) throw new RangeError("nothing was sent");
    return sent;
  }

  async sync(): Promise<Uint8Array | undefined> {
    let sent: Uint8Array | undefined;
    await this.channel.pushOutgoingSyncMessage(async (message) => {
      sent = message.encode();
      return true;
    });
    return sent;
  }

  /** What its sweeps would send again: unacknowledged messages, and answers to requests that are due. */
  unacknowledged(): ContentMessage[] {
    const { unacknowledged, possiblyAcknowledged } = this.channel.sweepOutgoingBuffer();
    return [...unacknowledged, ...possiblyAcknowledged];
  }

  async repairs(): Promise<Uint8Array[]> {
    const messages = await this.channel.sweepRepairIncomingBuffer();
    return messages.map((message) => message.encode());
  }

  async receive(bytes: Uint8Array): Promise<void> {
    const message = Message.decode(bytes);
    if (message === undefined) throw new RangeError("it does not read this message");
    this.channel.pushIncomingMessage(message, undefined);
    await this.channel.processTasks();
    this.channel.sweepIncomingBuffer();
  }
}
