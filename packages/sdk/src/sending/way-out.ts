/**
 * The way of one frame: segments → SDS → ratchet → envelopes, with their rows, all in the step's transaction.
 * @module
 */
import { encodePrivateFrame, type PrivateFrame, type UnknownBody } from "@chat/codec";
import { SdsError, type SendOptions, send as sendSds } from "@chat/sds";
import { SegmentationError, Segmenter } from "@chat/segmentation";
import type { OutboxPriority } from "@chat/store";
import { toHex } from "../bytes.ts";
import type { Context } from "../context.ts";
import { ChatError } from "../errors.ts";
import type { Session } from "../sessions/session.ts";
import type { SessionStep } from "../sessions/session-step.ts";
import { CONTENT_HISTORY, FIRST_MESSAGE_HISTORY, MAX_HYBRID_SEGMENT_SIZE, MAX_SEGMENT_SIZE } from "../sizes.ts";

/** What travels like a message and is none: no id of a message begins so. */
const FRAME_MARK = "~";

export type Parcel = {
  /** Of the message, or of a frame between the clients. */
  readonly messageId: string;
  readonly frame: Uint8Array;
  readonly priority: OutboxPriority;
};

export class WayOut {
  readonly #context: Pick<Context, "clock" | "random">;
  readonly #segmenter: Segmenter;
  readonly #hybridSegmenter: Segmenter;

  constructor(context: Pick<Context, "clock" | "random">) {
    this.#context = context;
    const options = { wrap: "always", parity: "none", random: context.random } as const;
    this.#segmenter = new Segmenter({ ...options, maxMessageSize: MAX_SEGMENT_SIZE });
    this.#hybridSegmenter = new Segmenter({ ...options, maxMessageSize: MAX_HYBRID_SEGMENT_SIZE });
  }

  /**
   * @returns Lamport time of the last part
   * @throws {@link ChatError} `MESSAGE_TOO_LARGE`, `CONVERSATION_FULL`
   */
  put(step: SessionStep, { messageId, frame, priority }: Parcel): number {
    const { id: sessionId, outgoingHandshake } = step.session;
    const outgoing: { sdsId: string; bytes: Uint8Array }[] = [];
    const maxHistory = outgoingHandshake?.isAnswered === false ? FIRST_MESSAGE_HISTORY : CONTENT_HISTORY;
    let lamport = 0;
    let after = step.session.sds.previousId;
    for (const segment of this.#segments(step.session, frame)) {
      // What is not critical may be overtaken: no later message names it, or the peer would miss what has not left.
      const beside = priority === "critical" ? undefined : { after };
      const sent = this.#sendSds(step.session, segment, maxHistory, beside);
      after = sent.messageId;
      step.session = { ...step.session, sds: sent.state };
      outgoing.push({ sdsId: sent.messageId, bytes: sent.bytes });
      lamport = sent.lamport;
      step.sendSds(sent.bytes, { purpose: "content", messageId, priority });
    }
    step.write(({ messages }) => {
      for (const { sdsId, bytes } of outgoing) {
        messages.putOutgoing({ sessionId, sdsId, messageId, bytes });
        messages.logSdsId(sessionId, sdsId, lamport);
      }
    });
    step.notify({ kind: "session", sessionId, owesAcknowledgement: false });
    return lamport;
  }

  /** A frame between the clients, acknowledged and retransmitted as messages are. */
  putFrame(step: SessionStep, body: Exclude<PrivateFrame["body"], UnknownBody>): void {
    const { clock, random } = this.#context;
    const frame = encodePrivateFrame({ timestampMs: clock.nowMs(), body });
    this.put(step, { messageId: `${FRAME_MARK}${toHex(random(8))}`, frame, priority: "normal" });
  }

  #sendSds({ sds }: Session, segment: Uint8Array, maxHistory: number, beside: SendOptions["beside"]) {
    const { clock, random } = this.#context;
    try {
      return sendSds(sds, segment, { nowMs: clock.nowMs(), maxHistory, random, ...(beside && { beside }) });
    } catch (cause) {
      if (!(cause instanceof SdsError) || cause.code !== "CHANNEL_FULL") throw cause;
      const message = "too much in this conversation is unconfirmed; send more when the other side has been online";
      throw new ChatError("CONVERSATION_FULL", message, { cause, retryable: true });
    }
  }

  #segments({ outgoingHandshake: handshake }: Session, frame: Uint8Array): Iterable<Uint8Array> {
    const isHybrid = handshake?.isAnswered === false && handshake.kemCiphertext !== undefined;
    try {
      return (isHybrid ? this.#hybridSegmenter : this.#segmenter).segment(frame);
    } catch (cause) {
      if (!(cause instanceof SegmentationError) || cause.code !== "PAYLOAD_TOO_LARGE") throw cause;
      throw new ChatError("MESSAGE_TOO_LARGE", `message: want ≤ 100 MB, got ${frame.length} bytes; send it in parts`, {
        cause,
      });
    }
  }
}

/** Whether it names a frame between the clients, of which the application is told nothing. */
export function isFrameId(messageId: string): boolean {
  return messageId.startsWith(FRAME_MARK);
}
