/**
 * Receives payloads of any size by filter.
 * @module
 */
import type { IDecodedMessage, IDecoder } from "@waku/sdk";
import { SegmentationError } from "../errors.ts";
import { SegmentedReceiver, type SegmentedReceiverOptions } from "./segmented-receiver.ts";

/** What is used of a light node. */
export interface ReceivingNode {
  readonly filter: {
    subscribe<Message extends IDecodedMessage>(
      decoder: IDecoder<Message>,
      callback: (message: Message) => void,
    ): Promise<boolean>;
    unsubscribe<Message extends IDecodedMessage>(decoder: IDecoder<Message>): Promise<boolean>;
  };
}

export interface SegmentedSubscription<Message> {
  /** Takes a message from elsewhere too, the store for one: filter is best effort. What was given is not given again. */
  accept(message: Message | undefined): void;
  /** Ends the subscription, its timers and its callbacks. */
  close(): Promise<void>;
}

/**
 * Subscribes, and calls `onPayload` once for each whole payload.
 *
 * @param node - any light node of @waku/sdk that is connected to a service node
 * @param decoder - any decoder, of this subscription alone: a light node keeps one callback for each
 * @param onPayload - also gets the message that made the payload whole; may be asynchronous
 * @throws {@link SegmentationError} `INVALID_OPTION`; `SUBSCRIBE_FAILED` when no service node took the subscription
 */
export async function receiveSegmented<Message extends IDecodedMessage>(
  node: ReceivingNode,
  decoder: IDecoder<Message>,
  onPayload: (payload: Uint8Array, message: Message) => void,
  options: SegmentedReceiverOptions<Message> = {},
): Promise<SegmentedSubscription<Message>> {
  const receiver = new SegmentedReceiver<Message>(onPayload, options);
  const close = async () => {
    receiver.close();
    await node.filter.unsubscribe(decoder);
  };
  if (await node.filter.subscribe(decoder, (message) => receiver.accept(message))) {
    return { accept: (message) => receiver.accept(message), close };
  }
  // The light node would subscribe later by itself, and all that is sent until then would be missing.
  await close();
  const topic = `content topic ${JSON.stringify(decoder.contentTopic)} on ${decoder.pubsubTopic}`;
  throw new SegmentationError(
    "SUBSCRIBE_FAILED",
    `${topic}: want a service node that takes the subscription, got none; wait until one is connected and identified`,
  );
}
