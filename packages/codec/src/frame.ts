/**
 * Frames of a 1:1 conversation: content for the application, or something between the clients.
 * Spec: LIP-242, "Frame Handling".
 * @module
 */
import { create, toBinary } from "@bufbuild/protobuf";
import { CodecError } from "./errors.ts";
import {
  CancelledSchema,
  type PrivateV1Frame,
  PrivateV1FrameSchema,
  ResumedSchema,
  ResumeSchema,
} from "./gen/chat/conversation/v1/private_v1_pb.ts";
import { bundleFromWire, bundleToWire, type IntroBundle } from "./invite.ts";
import { messageIdFromWire, messageIdToWire } from "./message-id.ts";
import { decodeMessage, unknownMember } from "./protobuf.ts";

/** The last time that a `Date` can hold, in the year 275760. */
const MAX_TIMESTAMP_MS = 8_640_000_000_000_000;

const MAX_SDS_IDS = 1_024;

/** For the application; `content` is an encoded `ContentFrame`. */
export type ContentBody = { readonly kind: "content"; readonly content: Uint8Array };

/** An invite for the peer alone, to restart the conversation if its session breaks. */
export type RenewalBody = {
  readonly kind: "renewal";
  /** Lengths are right; keys and signature are not checked: `isTrustedBundle`. */
  readonly bundle: IntroBundle;
};

/** "I was restored from an older state": what was said since is wanted again. */
export type ResumeBody = {
  readonly kind: "resume";
  /** Of the newest message that is here from the receiver of this frame, by that one's clock; 0 if there is none. */
  readonly receivedUntilMs: number;
  /** Of the newest own message that is here, by the own clock; 0 if there is none. */
  readonly sentUntilMs: number;
  /** When it was found out, by the own clock. */
  readonly noticedAtMs: number;
};

/** What became of a {@link ResumeBody}: counts of messages. */
export type ResumedBody = {
  readonly kind: "resumed";
  /** Sent again. */
  readonly resent: number;
  /** Ours that we can not send again. */
  readonly unavailable: number;
  /** Of yours that we have, and that you said you do not. */
  readonly known: number;
};

/** A message of many segments will not arrive as a whole, or parts that were asked for are not there any more. */
export type CancelledBody = {
  readonly kind: "cancelled";
  /** Keccak-256 of its frame: 32 bytes; none, where only `sdsIds` are meant. */
  readonly payloadHash: Uint8Array;
  /** From its sender: of its parts that are not acknowledged and not sent again; 32 hex digits each, at most 1,024. */
  readonly sdsIds: readonly string[];
};

/** Of a newer version, or of no use to this one. */
export type UnknownBody = {
  readonly kind: "unknown";
  /** Field number in `PrivateV1Frame` of what would have to be known; 0 if there is none. */
  readonly member: number;
  /** The whole frame, a view: show it as unsupported, or keep it for a later version. */
  readonly frame: Uint8Array;
};

type KnownBody = ContentBody | RenewalBody | ResumeBody | ResumedBody | CancelledBody;

export type PrivateFrame = {
  /** By the sender's clock, in milliseconds since the Unix epoch. */
  readonly timestampMs: number;
  readonly body: KnownBody | UnknownBody;
};

/** @throws {@link CodecError} `INVALID_OPTION` for a time that no `Date` can hold, or a bundle of wrong lengths */
export function encodePrivateFrame(frame: { readonly timestampMs: number; readonly body: KnownBody }): Uint8Array {
  const { timestampMs, body } = frame;
  checkTime("timestampMs", timestampMs);
  const message = create(PrivateV1FrameSchema, {
    timestamp: BigInt(timestampMs),
    frameType: toWire(body),
  });
  return toBinary(PrivateV1FrameSchema, message);
}

function toWire(body: KnownBody): PrivateV1Frame["frameType"] {
  switch (body.kind) {
    case "content":
      return { case: "content", value: body.content };
    case "renewal":
      return { case: "renewal", value: bundleToWire(body.bundle) };
    case "resume": {
      for (const field of ["receivedUntilMs", "sentUntilMs", "noticedAtMs"] as const) checkTime(field, body[field]);
      const [receivedUntilMs, sentUntilMs] = [BigInt(body.receivedUntilMs), BigInt(body.sentUntilMs)];
      const noticedAtMs = BigInt(body.noticedAtMs);
      return { case: "resume", value: create(ResumeSchema, { receivedUntilMs, sentUntilMs, noticedAtMs }) };
    }
    case "resumed": {
      const { resent, unavailable, known } = body;
      return { case: "resumed", value: create(ResumedSchema, { resent, unavailable, known }) };
    }
    case "cancelled": {
      const { payloadHash, sdsIds } = body;
      if (!isCancellation(payloadHash, sdsIds.length)) {
        const got = `${payloadHash.length} and ${sdsIds.length}`;
        throw new CodecError(
          "INVALID_OPTION",
          `cancelled: want a hash of 32 bytes, or none, and ≤ ${MAX_SDS_IDS} ids, got ${got}`,
        );
      }
      return {
        case: "cancelled",
        value: create(CancelledSchema, { payloadHash, sdsIds: sdsIds.map(messageIdToWire) }),
      };
    }
  }
}

function checkTime(field: string, timeMs: number): void {
  if (Number.isInteger(timeMs) && timeMs >= 0 && timeMs <= MAX_TIMESTAMP_MS) return;
  throw new CodecError("INVALID_OPTION", `${field}: want an integer, 0 to ${MAX_TIMESTAMP_MS}, got ${timeMs}`);
}

/** The frame, whose bytes are views into `bytes`; undefined for bytes that are none, or a time that cannot be. */
export function decodePrivateFrame(bytes: Uint8Array): PrivateFrame | undefined {
  const frame = decodeMessage(PrivateV1FrameSchema, bytes);
  if (!frame || frame.timestamp > MAX_TIMESTAMP_MS) return undefined;
  const { frameType, timestamp } = frame;
  const timestampMs = Number(timestamp);
  if (frameType.case === "content") return { timestampMs, body: { kind: "content", content: frameType.value } };
  if (frameType.case === "renewal") {
    const bundle = bundleFromWire(frameType.value);
    return { timestampMs, body: bundle ? { kind: "renewal", bundle } : { kind: "unknown", member: 20, frame: bytes } };
  }
  if (frameType.case === "resume") {
    const { receivedUntilMs, sentUntilMs, noticedAtMs } = frameType.value;
    const times = {
      receivedUntilMs: Number(receivedUntilMs),
      sentUntilMs: Number(sentUntilMs),
      noticedAtMs: Number(noticedAtMs),
    };
    const isTrue = Math.max(...Object.values(times)) <= MAX_TIMESTAMP_MS;
    return { timestampMs, body: isTrue ? { kind: "resume", ...times } : { kind: "unknown", member: 21, frame: bytes } };
  }
  if (frameType.case === "resumed") {
    const { resent, unavailable, known } = frameType.value;
    return { timestampMs, body: { kind: "resumed", resent, unavailable, known } };
  }
  if (frameType.case === "cancelled") {
    const { payloadHash } = frameType.value;
    const sdsIds = frameType.value.sdsIds.flatMap((id) => messageIdFromWire(id) ?? []);
    const isTrue = sdsIds.length === frameType.value.sdsIds.length && isCancellation(payloadHash, sdsIds.length);
    return {
      timestampMs,
      body: isTrue ? { kind: "cancelled", payloadHash, sdsIds } : { kind: "unknown", member: 30, frame: bytes },
    };
  }
  const member = frameType.case === "placeholder" ? 11 : unknownMember(PrivateV1FrameSchema, bytes);
  return { timestampMs, body: { kind: "unknown", member, frame: bytes } };
}

function isCancellation(payloadHash: Uint8Array, ids: number): boolean {
  return (payloadHash.length === 32 || (payloadHash.length === 0 && ids > 0)) && ids <= MAX_SDS_IDS;
}
