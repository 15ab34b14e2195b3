/**
 * Frames of a 1:1 conversation: content for the application, or something between the clients.
 * Spec: LIP-242, "Frame Handling".
 * @module
 */
import { create, toBinary } from "@bufbuild/protobuf";
import { CodecError } from "./errors.ts";
import { PrivateV1FrameSchema } from "./gen/chat/conversation/v1/private_v1_pb.ts";
import { bundleFromWire, bundleToWire, type IntroBundle } from "./invite.ts";
import { decodeMessage, unknownMember } from "./protobuf.ts";

/** The last time that a `Date` can hold, in the year 275760. */
const MAX_TIMESTAMP_MS = 8_640_000_000_000_000;

/** For the application; `content` is an encoded `ContentFrame`. */
export type ContentBody = { readonly kind: "content"; readonly content: Uint8Array };

/** An invite for the peer alone, to restart the conversation if its session breaks. */
export type RenewalBody = {
  readonly kind: "renewal";
  /** Lengths are right; keys and signature are not checked: `isTrustedBundle`. */
  readonly bundle: IntroBundle;
};

/** Of a newer version, or of no use to this one. */
export type UnknownBody = {
  readonly kind: "unknown";
  /** Field number in `PrivateV1Frame` of what would have to be known; 0 if there is none. */
  readonly member: number;
  /** The whole frame, a view: show it as unsupported, or keep it for a later version. */
  readonly frame: Uint8Array;
};

export type PrivateFrame = {
  /** By the sender's clock, in milliseconds since the Unix epoch. */
  readonly timestampMs: number;
  readonly body: ContentBody | RenewalBody | UnknownBody;
};

/** @throws {@link CodecError} `INVALID_OPTION` for a time that no `Date` can hold, or a bundle of wrong lengths */
export function encodePrivateFrame(frame: {
  readonly timestampMs: number;
  readonly body: ContentBody | RenewalBody;
}): Uint8Array {
  const { timestampMs, body } = frame;
  if (!Number.isInteger(timestampMs) || timestampMs < 0 || timestampMs > MAX_TIMESTAMP_MS) {
    throw new CodecError(
      "INVALID_OPTION",
      `timestampMs: want an integer, 0 to ${MAX_TIMESTAMP_MS}, got ${timestampMs}`,
    );
  }
  const message = create(PrivateV1FrameSchema, {
    timestamp: BigInt(timestampMs),
    frameType:
      body.kind === "content"
        ? { case: "content", value: body.content }
        : { case: "renewal", value: bundleToWire(body.bundle) },
  });
  return toBinary(PrivateV1FrameSchema, message);
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
  const member = frameType.case === "placeholder" ? 11 : unknownMember(PrivateV1FrameSchema, bytes);
  return { timestampMs, body: { kind: "unknown", member, frame: bytes } };
}
