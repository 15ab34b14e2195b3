/**
 * Frames between the clients, of which the application sees at most an event.
 * @module
 */
import type { PrivateFrame } from "@chat/codec";
import type { Context } from "../context.ts";
import { noteGap } from "../peers/gap.ts";
import { keepRenewal } from "../peers/renewals.ts";
import type { SessionStep } from "../sessions/session-step.ts";

/** Adds what the frame means to the step. @returns false for what is no such frame */
export function takeProtocolFrame(step: SessionStep, body: PrivateFrame["body"], context: Context): boolean {
  const { conversationId } = step.session;
  switch (body.kind) {
    case "renewal":
      if (!keepRenewal(step, body.bundle)) context.discards.add("malformed-frame");
      return true;
    case "resume":
      noteGap(step, body, context);
      return true;
    case "resumed": {
      const { resent, unavailable, known } = body;
      step.notify({ kind: "resumed", conversationId, resent, lost: unavailable, lostOwn: known });
      return true;
    }
    default:
      return false;
  }
}
