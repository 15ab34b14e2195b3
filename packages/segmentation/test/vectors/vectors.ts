/**
 * What this implementation does with the cases: the content of `vectors/segmentation.json`.
 * @module
 */
import { Reassembler, SegmentationError, Segmenter } from "../../src/index.ts";
import { createKeccak256, keccak256 } from "../../src/keccak.ts";
import { fromHex } from "../payloads.ts";
import { type AcceptingCase, acceptingCases, type Given } from "./accepting.ts";
import { vectorPayload } from "./payload.ts";
import { type RefusedCase, refusedCases, type SegmentingCase, SHOWN_BYTES, segmentingCases } from "./segmenting.ts";

const NOTES =
  "Made by @chat/segmentation, for its siblings in other languages; leopard.json anchors the parity. Byte i of a payload is " +
  "(i*167 + (i>>8)*59 + seed) & 255. keccak256 of segmenting is over all messages, each after its length as 4 bytes, big-endian. " +
  "A payload in a result is its length and Keccak-256. bufferedBytes is what the receiver reports after the step.";

export type Vectors = { readonly notes: string } & Record<"segmenting" | "refused" | "accepting", readonly object[]>;

export function vectors(): Vectors {
  return {
    notes: NOTES,
    segmenting: segmentingCases().map(segmented),
    refused: refusedCases().map(refused),
    accepting: acceptingCases().map(accepted),
  };
}

function segmented(given: SegmentingCase): object {
  const { options, payload, blinding } = given;
  const segmenter = new Segmenter({ ...options, random: () => fromHex(blinding ?? "") });
  const segments = segmenter.segment(vectorPayload(payload.bytes, payload.seed));
  const messages = [...segments];
  const hash = createKeccak256();
  for (const message of messages) hash.update(lengthOf(message)).update(message);
  return {
    ...given,
    total: segments.total,
    setId: segments.setId ?? null,
    keccak256: hex(hash.digest()),
    ...(payload.bytes <= SHOWN_BYTES && { messages: messages.map(hex) }),
  };
}

function refused(given: RefusedCase): object {
  try {
    new Segmenter(given.options).segment(new Uint8Array(given.payloadBytes));
  } catch (error) {
    if (error instanceof SegmentationError) return { ...given, code: error.code };
    throw error;
  }
  throw new Error(`${given.name}: want a refusal`);
}

function accepted({ name, options, given }: AcceptingCase): object {
  const reassembler = new Reassembler(options);
  const steps = given.map((step) => ({ ...stepOf(reassembler, step), bufferedBytes: reassembler.bufferedBytes }));
  return { name, options, steps };
}

function stepOf(reassembler: Reassembler, step: Given): object {
  const { nowMs } = step;
  if ("expire" in step) return { nowMs, expire: reassembler.expire(nowMs) };
  const sender = step.sender === undefined ? {} : { sender: step.sender };
  if ("markComplete" in step) {
    reassembler.markComplete(step.markComplete, { ...sender, completedAtMs: nowMs });
    return { nowMs, ...sender, markComplete: step.markComplete };
  }
  const result = reassembler.accept(step.message, { nowMs, ...sender });
  const shown = result.kind === "complete" ? { ...result, payload: digestOf(result.payload) } : result;
  return { nowMs, ...sender, message: hex(step.message), result: shown };
}

function digestOf(payload: Uint8Array) {
  return { bytes: payload.length, keccak256: hex(keccak256(payload)) };
}

function lengthOf({ length }: Uint8Array): Uint8Array {
  return Uint8Array.from([length >>> 24, length >>> 16, length >>> 8, length]);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
