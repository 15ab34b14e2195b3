/**
 * Frames of a 1:1 conversation: content for the application, or something between the clients.
 * Spec: LIP-242, "Frame Handling".
 * @module
 */
import { create, toBinary } from "@bufbuild/protobuf";
import { CodecError } from "./errors.ts";
import { PrivateV1FrameSchema } from "./gen/chat/conversation/v1/private_v1_pb.ts";
import { decodeMessage } from "./protobuf.ts";

/** The last time that a `Date` can hold, in the year 275760. */
const MAX_TIMESTAMP_MS = 8_640_000_000_000_000;

/** For the application; `content` is an encoded `ContentFrame`. */
export type ContentBody = { readonly kind: "content"; readonly content: Uint8Array };

export type PrivateFrame = {
  /** By the sender's clock, in milliseconds since the Unix epoch. */
  readonly timestampMs: number;
  /** `unknown`: of a newer version, or of no use to this one. Count it and ignore it. */
  readonly body: ContentBody | { readonly kind: "unknown" };
};

/** @throws {@link CodecError} `INVALID_OPTION` for a time that no `Date` can hold */
export function encodePrivateFrame(frame: { readonly timestampMs: number; readonly body: ContentBody }): Uint8Array {
  const { timestampMs, body } = frame;
  if (!Number.isInteger(timestampMs) || timestampMs < 0 || timestampMs > MAX_TIMESTAMP_MS) {
    throw new CodecError(
      "INVALID_OPTION",
      `timestampMs: want an integer, 0 to ${MAX_TIMESTAMP_MS}, got ${timestampMs}`,
    );
  }
  const message = create(PrivateV1FrameSchema, {
    timestamp: BigInt(timestampMs),
    frameType: { case: "content", value: body.content },
  });
  return toBinary(PrivateV1FrameSchema, message);
}

/** The frame, whose content is a view into `bytes`; undefined for bytes that are none, or a time that cannot be. */
export function decodePrivateFrame(bytes: Uint8Array): PrivateFrame | undefined {
  const frame = decodeMessage(PrivateV1FrameSchema, bytes);
  if (!frame || frame.timestamp > MAX_TIMESTAMP_MS) return undefined;
  const { frameType } = frame;
  return {
    timestampMs: Number(frame.timestamp),
    body: frameType.case === "content" ? { kind: "content", content: frameType.value } : { kind: "unknown" },
  };
}
