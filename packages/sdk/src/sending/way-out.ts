/**
 * The way of one frame: segments → SDS → ratchet → envelopes, with their rows, all in the step's transaction.
 * @module
 */
import { encodePrivateFrame, type PrivateFrame, type UnknownBody } from "@chat/codec";
import { SdsError, type SendOptions, sendEphemeral, send as sendSds } from "@chat/sds";
import { SegmentationError, Segmenter, type Segments } from "@chat/segmentation";
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

/** Some segments of a message, in their order. */
export type Batch = Omit<Parcel, "frame"> & {
  readonly segments: Iterable<Uint8Array>;
  /** SDS id of the one before. */
  readonly after: string | undefined;
};

export class WayOut {
  readonly #context: Pick<Context, "clock" | "random">;
  readonly #segmenters = new Map<number, Segmenter>();

  constructor(context: Pick<Context, "clock" | "random">) {
    this.#context = context;
  }

  /**
   * @returns Lamport time of the first segment
   * @throws {@link ChatError} `MESSAGE_TOO_LARGE`, `CONVERSATION_FULL`
   */
  put(step: SessionStep, { frame, ...parcel }: Parcel): number {
    return this.putAll(step, { ...parcel, segments: this.cut(frame, segmentSizeOf(step.session)) });
  }

  /** As {@link put}, of a frame that is cut already. */
  putAll(step: SessionStep, batch: Omit<Batch, "after">): number {
    return this.putBatch(step, { ...batch, after: step.session.sds.previousId }).lamport;
  }

  /** Equal frames and sizes give equal segments. @throws {@link ChatError} `MESSAGE_TOO_LARGE` */
  cut(frame: Uint8Array, segmentSize: number): Segments {
    try {
      return this.#segmenter(segmentSize).segment(frame);
    } catch (cause) {
      if (!(cause instanceof SegmentationError) || cause.code !== "PAYLOAD_TOO_LARGE") throw cause;
      throw new ChatError("MESSAGE_TOO_LARGE", `message: want ≤ 100 MB, got ${frame.length} bytes; send it in parts`, {
        cause,
      });
    }
  }

  /**
   * @returns Lamport time of the first segment, SDS id of the last
   * @throws {@link ChatError} `CONVERSATION_FULL`
   */
  putBatch(
    step: SessionStep,
    { messageId, priority, segments, after }: Batch,
  ): { readonly lamport: number; readonly after: string | undefined } {
    const { id: sessionId, outgoingHandshake } = step.session;
    const maxHistory = outgoingHandshake?.isAnswered === false ? FIRST_MESSAGE_HISTORY : CONTENT_HISTORY;
    let first: number | undefined;
    let last = after;
    for (const segment of segments) {
      // What is not critical may be overtaken: no later message names it, or the peer would miss what has not left.
      const beside = priority === "critical" ? undefined : { after: last };
      const { messageId: sdsId, state, bytes, lamport } = this.#sendSds(step.session, segment, maxHistory, beside);
      last = sdsId;
      first ??= lamport;
      step.session = { ...step.session, sds: state };
      step.sendSds(bytes, { purpose: "content", messageId, priority });
      step.write(({ messages }) => {
        messages.putOutgoing({ sessionId, sdsId, messageId, bytes });
        messages.logSdsId(sessionId, sdsId, lamport);
      });
    }
    step.notify({ kind: "session", sessionId, owesAcknowledgement: false });
    return { lamport: first ?? step.session.sds.lamport, after: last };
  }

  /**
   * A frame that is of no use later: without acknowledgement, retransmission or a place in any history. It travels as it is,
   * not as a segment, and who does not know it ignores it.
   */
  putSignal(step: SessionStep, body: Exclude<PrivateFrame["body"], UnknownBody>, priority: OutboxPriority): void {
    const nowMs = this.#context.clock.nowMs();
    const frame = encodePrivateFrame({ timestampMs: nowMs, body });
    step.sendSds(sendEphemeral(step.session.sds, frame, { nowMs }), { purpose: "signal", priority });
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

  #segmenter(maxMessageSize: number): Segmenter {
    const options = { wrap: "always", parity: "none", random: this.#context.random } as const;
    const segmenter = this.#segmenters.get(maxMessageSize) ?? new Segmenter({ ...options, maxMessageSize });
    this.#segmenters.set(maxMessageSize, segmenter);
    return segmenter;
  }
}

/** What fits an envelope of the session. */
export function segmentSizeOf({ outgoingHandshake: handshake }: Session): number {
  const isHybrid = handshake?.isAnswered === false && handshake.kemCiphertext !== undefined;
  return isHybrid ? MAX_HYBRID_SEGMENT_SIZE : MAX_SEGMENT_SIZE;
}

/** Whether it names a frame between the clients, of which the application is told nothing. */
export function isFrameId(messageId: string): boolean {
  return messageId.startsWith(FRAME_MARK);
}
