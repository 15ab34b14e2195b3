/**
 * Whole payloads from end to end, in messages of 150,000 bytes and otherwise with the default options: parity for a
 * loss of 12.5 %, Keccak-256 on both sides. In MB/s of payload.
 * @module
 */
import { Reassembler, Segmenter } from "@chat/segmentation";
import { keccak256 } from "@chat/segmentation/keccak";
import { keccak_256 } from "@noble/hashes/sha3.js";
import type { BenchCase } from "../case.ts";
import { BenchError } from "../errors.ts";
import { isEqual, payloadOf, spreadOver } from "./inputs.ts";
import { MAX_MESSAGE_SIZE, MIB } from "./sizes.ts";
import { throughput } from "./throughput.ts";

const SIZES = [1, 100] as const;

const segmenter = new Segmenter({ maxMessageSize: MAX_MESSAGE_SIZE });

/** What every case here is, but for its sides. */
const COMMON = { unit: "MB/s", better: "higher", rounds: 7, limitMs: 60_000 } as const;

type Work = () => unknown;

/** @param open - what is done with a payload by us and by the peer; called before the measurement */
function payloadCase(
  mebibytes: number,
  open: (payload: Uint8Array) => { readonly ours: Work; readonly theirs: Work },
  rest: Pick<BenchCase, "name" | "title" | "peer" | "note">,
): BenchCase {
  return {
    ...COMMON,
    ...rest,
    prepare: async () => {
      const payload = payloadOf(mebibytes * MIB);
      const { ours, theirs } = open(payload);
      return {
        ours: () => throughput(payload.length, () => void ours()),
        theirs: () => throughput(payload.length, () => void theirs()),
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}

const keccak = payloadCase(
  100,
  (payload) => {
    if (!isEqual(keccak256(payload), keccak_256(payload)))
      throw new BenchError("CASE_FAILED", "hashes: want equal ones");
    return { ours: () => keccak256(payload), theirs: () => keccak_256(payload) };
  },
  { name: "keccak-100mb", title: "Keccak-256 of 100 MiB", peer: "@noble/hashes" },
);

const copy = payloadCase(
  100,
  (payload) => {
    const target = new Uint8Array(payload.length);
    return { ours: () => segment(payload), theirs: () => target.set(payload) };
  },
  { name: "copy-100mb", title: "segmenting 100 MiB, beside what the machine can at most", peer: "plain copy" },
);

function segmenting(mebibytes: number): BenchCase {
  return payloadCase(mebibytes, (payload) => ({ ours: () => segment(payload), theirs: () => keccak256(payload) }), {
    name: `segment-${mebibytes}mb`,
    title: `segmenting ${mebibytes} MiB`,
    peer: "our Keccak-256 alone",
    note: "the hash is part of every segment: nobody can be faster than theirs",
  });
}

/** @param share - of all segments that get lost */
function reassembling(mebibytes: number, share = 0): BenchCase {
  return payloadCase(
    mebibytes,
    (payload) => {
      const all = [...segmenter.segment(payload)];
      const lost = spreadOver(all.length, Math.floor(all.length * share));
      const arriving = all.filter((_, i) => !lost.has(i));
      if (!isEqual(reassemble(arriving), payload)) throw new BenchError("CASE_FAILED", "payload: want the one sent");
      return { ours: () => reassemble(arriving), theirs: () => segment(payload) };
    },
    {
      name: `reassemble-${mebibytes}mb${share > 0 ? "-lossy" : ""}`,
      title: `reassembling ${mebibytes} MiB${share > 0 ? `, ${100 * share} % of the segments lost` : ""}`,
      peer: "our segmenting",
    },
  );
}

/** @returns how many bytes the segments have together, so that none can be left out */
function segment(payload: Uint8Array): number {
  let bytes = 0;
  for (const message of segmenter.segment(payload)) bytes += message.length;
  return bytes;
}

/** Takes all that arrive, those that come after the payload is complete too. */
function reassemble(messages: readonly Uint8Array[]): Uint8Array {
  const reassembler = new Reassembler({ maxMessageSize: MAX_MESSAGE_SIZE });
  let payload: Uint8Array | undefined;
  for (const message of messages) {
    const result = reassembler.accept(message, { nowMs: 0 });
    if (result.kind === "complete") payload = result.payload;
  }
  if (payload === undefined) throw new BenchError("CASE_FAILED", "payload: want it complete, got too few segments");
  return payload;
}

export const payloadCases: readonly BenchCase[] = [
  keccak,
  ...SIZES.map(segmenting),
  ...SIZES.map((mebibytes) => reassembling(mebibytes)),
  reassembling(100, 0.125),
  copy,
];
