/**
 * From a segment to the message that the application gets.
 * @module
 */
import {
  contentTypeName,
  decodePrivateFrame,
  encodeNewerPart,
  type PrivateFrame,
  readReceiptType,
  typingType,
} from "@chat/codec";
import type { NewMessageRecord } from "@chat/store";
import { equalBytes } from "../bytes.ts";
import type { Context } from "../context.ts";
import { messageId } from "../message.ts";
import type { TransferProgress } from "../notifier.ts";
import { bytesOf } from "../sending/transfer-book.ts";
import type { Session } from "../sessions/session.ts";
import type { SessionStep } from "../sessions/session-step.ts";
import type { IncomingSignals } from "../signals/incoming-signals.ts";
import { type PartialSet, type PartialSets, payloadOf } from "./partial-sets.ts";
import { takeProtocolFrame } from "./protocol-frames.ts";

/** No messages, also if somebody sends them as such. */
const SIGNALS = new Set([typingType, readReceiptType].map(({ domain, tag }) => `${domain}/${tag}`));

export class IncomingContent {
  readonly #context: Context;
  readonly #partialSets: PartialSets;
  readonly #signals: IncomingSignals;

  constructor(context: Context, partialSets: PartialSets, signals: IncomingSignals) {
    this.#context = context;
    this.#partialSets = partialSets;
    this.#signals = signals;
  }

  /** @returns for a segment of a message that is not wanted, the set: nobody is to believe that it is here */
  async acceptSegment(
    step: SessionStep,
    segment: Uint8Array,
    lamport: number,
    nowMs: number,
  ): Promise<{ readonly refusedSetId: string } | undefined> {
    const { id: sessionId } = step.session;
    const result = this.#partialSets.accept(sessionId, segment, { nowMs, lamport });
    for (const set of this.#partialSets.givenUp(nowMs)) {
      step.write((tx) => tx.messages.deleteSegments(set.sessionId, set.setId));
    }
    if (result.kind === "discarded") {
      if (result.reason !== "duplicate") this.#context.discards.add("malformed-segment");
      const { setId = "" } = result;
      return this.#partialSets.isRefused(sessionId, setId) ? { refusedSetId: setId } : undefined;
    }
    const { setId = "" } = result;
    const messageId = incomingId(step.session, payloadOf({ setId }).payloadHash, this.#context);
    if (result.kind === "pending") {
      const { index, isParity, held, total } = result;
      const { messages } = this.#context.store;
      if (held === 1 && (await messages.messageState(messageId)) !== undefined) {
        this.#partialSets.end(sessionId, setId, nowMs);
        return undefined;
      }
      if (held === 1 && (await messages.isRefused(messageId))) {
        this.#partialSets.refuse(sessionId, setId, nowMs);
        return { refusedSetId: setId };
      }
      const record = { sessionId, setId, index, isParity, bytes: segment, storedAtMs: nowMs, lamport };
      step.write((tx) => tx.messages.putSegment(record));
      step.notify({ kind: "arriving", ...incomingProgress(step.session, messageId, { setId, held, total }) });
      return undefined;
    }
    step.write((tx) => tx.messages.deleteSegments(sessionId, setId));
    const { payload, lamport: earliest = lamport, isOfMany } = result;
    if (isOfMany) this.#endOthers(step, setId, nowMs);
    if (isOfMany)
      step.notify({ kind: "progress", ...incomingProgress(step.session, messageId, { setId, held: 1, total: 1 }) });
    await this.#acceptFrame(step, { id: messageId, bytes: payload }, earliest, nowMs);
    return undefined;
  }

  /** What had arrived of it on sessions that it is not sent on any more. */
  #endOthers(step: SessionStep, setId: string, nowMs: number): void {
    const { conversationId, id } = step.session;
    const { payloadHash } = payloadOf({ setId });
    for (const other of this.#partialSets.all()) {
      const session = this.#context.sessions.get(other.sessionId);
      const isSame = session?.conversationId === conversationId && other.sessionId !== id;
      if (!isSame || !equalBytes(payloadOf(other).payloadHash, payloadHash)) continue;
      step.write((tx) => tx.messages.deleteSegments(other.sessionId, other.setId));
      step.afterwards(() => this.#partialSets.end(other.sessionId, other.setId, nowMs));
    }
  }

  async #acceptFrame(
    step: SessionStep,
    { id, bytes }: { readonly id: string; readonly bytes: Uint8Array },
    lamport: number,
    nowMs: number,
  ): Promise<void> {
    const frame = decodePrivateFrame(bytes);
    if (frame?.body.kind === "content" && SIGNALS.has(contentTypeName(frame.body.content) ?? "")) {
      return this.#signals.takeContent(step, frame.body.content, frame);
    }
    if (frame !== undefined && takeProtocolFrame(step, frame.body, this.#context)) return;
    const content = frame && contentOf(frame.body);
    if (content === undefined) {
      this.#context.discards.add(frame === undefined ? "malformed-frame" : "unsupported-frame");
      return;
    }
    const fields = { content, lamport, sentAtMs: frame?.timestampMs ?? nowMs, storedAtMs: nowMs };
    await putIncoming(step, id, fields, this.#context);
  }
}

export async function putIncoming(
  step: SessionStep,
  id: string,
  fields: Pick<NewMessageRecord, "content" | "lamport" | "sentAtMs" | "storedAtMs">,
  { store }: Context,
): Promise<void> {
  const { conversationId } = step.session;
  // Sent again on another session.
  if ((await store.messages.messageState(id)) !== undefined) return;
  const contentType = contentTypeName(fields.content);
  const message = { id, conversationId, direction: "incoming", status: "received", ...fields } as const;
  step.write(({ messages }) => messages.putMessage({ ...message, ...(contentType !== undefined && { contentType }) }));
  step.notify({ kind: "incoming", messageId: id, conversationId });
}

/** Of an incoming message of many segments. */
export function incomingProgress(
  { conversationId }: Pick<Session, "conversationId">,
  messageId: string,
  set: Pick<PartialSet, "setId" | "held" | "total">,
): TransferProgress {
  const totalBytes = payloadOf(set).payloadLength;
  const doneBytes = bytesOf({ length: totalBytes, total: set.total }, set.held);
  return { messageId, conversationId, direction: "incoming", doneBytes, totalBytes };
}

/** @param frameHash - what names the message: the same frame is the same message */
export function incomingId({ peerKey }: Pick<Session, "peerKey">, frameHash: Uint8Array, { account }: Context): string {
  return messageId(peerKey, account.keys.publicKey, frameHash);
}

/** What the application gets: the content, or what stands in its place; undefined for what it has no part in. */
function contentOf(body: PrivateFrame["body"]): Uint8Array | undefined {
  if (body.kind === "content") return body.content;
  if (body.kind !== "unknown" || body.member === 0) return undefined;
  return encodeNewerPart("unknown-frame", body.member, body.frame);
}
