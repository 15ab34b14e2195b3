/**
 * The truth about a group's envelopes, from what its clients write to their stores and no observer sees.
 * @module
 */
import { acknowledge, type ChannelState, decodeState, openChannel } from "@chat/sds";
import type { OutboxRecord } from "@chat/store";
import { nameOfEnvelope, type WriteNotes } from "../noted-store.ts";

export const PURPOSES = ["content", "frame", "acknowledgement", "retransmission", "signal"] as const;
export type EnvelopePurpose = (typeof PURPOSES)[number];

export type EnvelopeNote = {
  readonly sender: number;
  /** Account id. */
  recipient: string;
  readonly purpose: EnvelopePurpose;
  /** Nobody has answered on its session yet: it carries a handshake. */
  isFirst: boolean;
  /** Of content. */
  sdsId: string | undefined;
  /** SDS ids that it acknowledges. */
  confirms: readonly string[];
  /** As long as the envelope would be if nothing padded it. */
  unpaddedBytes: number;
};

type Row = { readonly record: OutboxRecord; sds: { readonly id: string; readonly length: number } | undefined };
type KnownSession = { channel: ChannelState; recipient: string; isInitiator: boolean; isAnswered: boolean };

/** Nonce and tag of the ratchet, its key, fields around them and the payload, and two small numbers that may be left out. */
const RATCHET_BYTES = 12 + 16 + 32 + 2 + 3 + 3 + 2;
/** What an envelope of less than 16 KiB puts around the padded payload. */
const ENVELOPE_BYTES = 79;
/** Of the payload's length. */
const LENGTH_BYTES = 4;
/** Two keys and the fields around them. */
const HANDSHAKE_BYTES = 2 * 34 + 3;
const ACKNOWLEDGEMENT_HISTORY = 5;

export class GroupNotes {
  readonly envelopes = new Map<string, EnvelopeNote>();
  readonly delivered = { count: 0, totalMs: 0 };
  written = 0;
  readonly #nowMs: () => number;
  readonly #fromMs: () => number;
  readonly #sentAtMs = new Map<string, number>();

  /** @param fromMs - what is written earlier does not count in `written` and `delivered` */
  constructor(nowMs: () => number, fromMs: () => number) {
    this.#nowMs = nowMs;
    this.#fromMs = fromMs;
  }

  /** For the store of one person. */
  of(sender: number): () => WriteNotes {
    const known = new Map<string, KnownSession>();
    return () => this.#transaction(sender, known);
  }

  #transaction(sender: number, known: Map<string, KnownSession>): WriteNotes {
    const rows: Row[] = [];
    const logged = new Map<string, Set<string>>();
    const own = new Set<string>();
    const states = new Map<string, Uint8Array>();
    const recipients = new Map<string, string>();
    const answered = new Set<string>();
    return {
      messages: {
        putOutbox: (record) => rows.push({ record, sds: undefined }),
        putOutgoing: ({ sessionId, sdsId, messageId, bytes }) => {
          own.add(sdsId);
          const row = rows.findLast(
            ({ record: { messageId: of, sessionId: on } }) => of === messageId && on === sessionId,
          );
          if (row !== undefined) row.sds = { id: sdsId, length: bytes.length };
        },
        deleteOutgoing: (sessionId) => answered.add(sessionId),
        logSdsId: (sessionId, sdsId) => {
          logged.set(sessionId, (logged.get(sessionId) ?? new Set()).add(sdsId));
        },
        putSdsState: (sessionId, state) => states.set(sessionId, state),
        putMessage: ({ id, direction, storedAtMs }) => {
          if (direction === "outgoing") this.#write(id, storedAtMs);
        },
        setStatus: (id, status) => {
          if (status === "delivered") this.#deliver(id);
        },
      },
      secrets: { putSession: ({ id, conversationId }) => recipients.set(id, conversationId) },
      end: () => {
        for (const [id, bytes] of states) {
          const session = known.get(id) ?? {
            channel: openChannel("I"),
            recipient: "",
            isInitiator: true,
            isAnswered: false,
          };
          known.set(id, session);
          const received = [...(logged.get(id) ?? [])].filter((sdsId) => !own.has(sdsId));
          session.recipient = recipients.get(id) ?? session.recipient;
          const before = [...new Set([...session.channel.toAcknowledge, ...received])];
          const channel = decodeState(bytes);
          session.isInitiator = channel.participantId === "I";
          if (answered.has(id) || received.length > 0) session.isAnswered = true;
          const after = new Set(channel.toAcknowledge);
          const owed = { ...session.channel, toAcknowledge: before };
          const confirms = before.filter((sdsId) => !after.has(sdsId));
          rows
            .filter(({ record }) => record.sessionId === id)
            .forEach((row, index) => {
              this.#note(sender, row, session, { owed, confirms: index === 0 ? confirms : [] });
            });
          session.channel = channel;
        }
      },
    };
  }

  #note(
    sender: number,
    { record, sds }: Row,
    { recipient, isInitiator, isAnswered }: KnownSession,
    { owed, confirms }: { readonly owed: ChannelState; readonly confirms: readonly string[] },
  ): void {
    const { purpose, messageId, payload } = record;
    const isFirst = isInitiator && !isAnswered;
    const nowMs = Math.floor(this.#nowMs());
    const length = sds?.length ?? acknowledge(owed, { nowMs, maxHistory: ACKNOWLEDGEMENT_HISTORY })?.bytes.length ?? 0;
    const plain = LENGTH_BYTES + length + RATCHET_BYTES + (isFirst ? HANDSHAKE_BYTES : 0);
    this.envelopes.set(nameOfEnvelope(payload), {
      sender,
      recipient,
      purpose: purpose === "content" && messageId?.startsWith("~") === true ? "frame" : purpose,
      isFirst,
      sdsId: sds?.id,
      confirms,
      unpaddedBytes: Math.min(payload.length, ENVELOPE_BYTES + plain),
    });
  }

  #write(id: string, atMs: number): void {
    if (this.#nowMs() < this.#fromMs()) return;
    this.written += 1;
    this.#sentAtMs.set(id, atMs);
  }

  #deliver(id: string): void {
    const sentAtMs = this.#sentAtMs.get(id);
    if (sentAtMs === undefined) return;
    this.#sentAtMs.delete(id);
    this.delivered.count += 1;
    this.delivered.totalMs += this.#nowMs() - sentAtMs;
  }
}
