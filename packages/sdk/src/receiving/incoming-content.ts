/**
 * From a segment to the message that the application gets.
 * @module
 */
import { contentTypeName, decodePrivateFrame, encodeNewerPart, type PrivateFrame } from "@chat/codec";
import type { NewMessageRecord } from "@chat/store";
import type { Context } from "../context.ts";
import { messageId } from "../message.ts";
import type { Session } from "../sessions/session.ts";
import type { SessionStep } from "../sessions/session-step.ts";
import type { PartialSets } from "./partial-sets.ts";
import { takeProtocolFrame } from "./protocol-frames.ts";

export class IncomingContent {
  readonly #context: Context;
  readonly #partialSets: PartialSets;

  constructor(context: Context, partialSets: PartialSets) {
    this.#context = context;
    this.#partialSets = partialSets;
  }

  async acceptSegment(step: SessionStep, segment: Uint8Array, lamport: number, nowMs: number): Promise<void> {
    const { id: sessionId } = step.session;
    const result = this.#partialSets.accept(sessionId, segment, nowMs);
    for (const set of this.#partialSets.givenUp(nowMs)) {
      step.write((tx) => tx.messages.deleteSegments(set.sessionId, set.setId));
    }
    if (result.kind === "discarded") {
      if (result.reason === "duplicate") return;
      this.#context.discards.add("malformed-segment");
      return;
    }
    if (result.kind === "pending") {
      const { setId, index, isParity } = result;
      const record = { sessionId, setId, index, isParity, bytes: segment, storedAtMs: nowMs };
      step.write((tx) => tx.messages.putSegment(record));
      return;
    }
    const { setId, payload } = result;
    if (setId !== undefined) step.write((tx) => tx.messages.deleteSegments(sessionId, setId));
    await this.#acceptFrame(step, payload, lamport, nowMs);
  }

  async #acceptFrame(step: SessionStep, bytes: Uint8Array, lamport: number, nowMs: number): Promise<void> {
    const frame = decodePrivateFrame(bytes);
    if (frame !== undefined && takeProtocolFrame(step, frame.body, this.#context)) return;
    const content = frame && contentOf(frame.body);
    if (content === undefined) {
      this.#context.discards.add(frame === undefined ? "malformed-frame" : "unsupported-frame");
      return;
    }
    const fields = { content, lamport, sentAtMs: frame?.timestampMs ?? nowMs, storedAtMs: nowMs };
    await putIncoming(step, bytes, fields, this.#context);
  }
}

/** @param frame - what names the message: the same bytes are the same message */
export async function putIncoming(
  step: SessionStep,
  frame: Uint8Array,
  fields: Pick<NewMessageRecord, "content" | "lamport" | "sentAtMs" | "storedAtMs">,
  context: Context,
): Promise<void> {
  const { conversationId } = step.session;
  const id = incomingId(step.session, frame, context);
  // Sent again on another session.
  if ((await context.store.messages.message(id)) !== undefined) return;
  const contentType = contentTypeName(fields.content);
  const message = { id, conversationId, direction: "incoming", status: "received", ...fields } as const;
  step.write(({ messages }) => messages.putMessage({ ...message, ...(contentType !== undefined && { contentType }) }));
  step.notify({ kind: "incoming", messageId: id });
}

export function incomingId({ peerKey }: Session, frame: Uint8Array, { account }: Context): string {
  return messageId(peerKey, account.keys.publicKey, frame);
}

/** What the application gets: the content, or what stands in its place; undefined for what it has no part in. */
function contentOf(body: PrivateFrame["body"]): Uint8Array | undefined {
  if (body.kind === "content") return body.content;
  if (body.kind !== "unknown" || body.member === 0) return undefined;
  return encodeNewerPart("unknown-frame", body.member, body.frame);
}
