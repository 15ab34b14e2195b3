/**
 * A trace without clients: people who talk in pairs at random moments, and what leaks of it is planted.
 * @module
 */
import { SeededRandom } from "@chat/sdk/testing";
import { type GroupTrace, HEAD_BYTES } from "../src/privacy/group.ts";
import { PURPOSES } from "../src/privacy/group-notes.ts";
import { mergeGroups, type Trace } from "../src/privacy/trace.ts";

export type Leaks = {
  /** @default 0 to 4 s */
  readonly lagMs?: (random: SeededRandom) => number;
  /** The first bytes of all messages of a conversation; they are random without it. */
  readonly repeats?: number;
  readonly acknowledgementBytes?: number;
  /** All talk of a pair is in so short a time, somewhere. @default all of the time */
  readonly talkMs?: number;
  readonly pairs?: number;
};

const DURATION_MS = 10 * 60_000;
const TEXTS = 60;
const SIZE = 463;

/** Even people of a pair write, odd ones acknowledge. */
export function plantedTrace({ pairs = 120, ...leaks }: Leaks = {}): Trace {
  const groups = Array.from({ length: pairs }, (_, index) => pairTrace(index, leaks));
  return mergeGroups(groups, DURATION_MS);
}

function pairTrace(
  index: number,
  { lagMs, repeats = 0, acknowledgementBytes = SIZE, talkMs = DURATION_MS }: Leaks,
): GroupTrace {
  const random = new SeededRandom(index + 1, 77);
  const fromMs = random.fraction() * (DURATION_MS - talkMs);
  const texts = Array.from({ length: TEXTS }, (_, text) => {
    const atMs = fromMs + random.fraction() * talkMs;
    const confirmedAtMs = atMs + 100 + (lagMs?.(random) ?? random.fraction() * 4_000);
    return [
      { atMs, text, isText: true },
      { atMs: confirmedAtMs, text, isText: false },
    ];
  });
  const rows = texts.flat().sort((a, b) => a.atMs - b.atMs);
  const mark = random.bytes(repeats);
  const head = new Uint8Array(rows.length * HEAD_BYTES);
  rows.forEach((_, row) => {
    head.set(random.bytes(HEAD_BYTES), row * HEAD_BYTES);
    head.set(mark, row * HEAD_BYTES);
  });
  const content = PURPOSES.indexOf("content");
  const acknowledgement = PURPOSES.indexOf("acknowledgement");
  return {
    atMs: Float64Array.from(rows, ({ atMs }) => atMs),
    size: Uint32Array.from(rows, ({ isText }) => (isText ? SIZE : acknowledgementBytes)),
    head,
    sender: Uint8Array.from(rows, ({ isText }) => (isText ? 0 : 1)),
    recipient: Uint8Array.from(rows, ({ isText }) => (isText ? 1 : 0)),
    purpose: Uint8Array.from(rows, ({ isText }) => (isText ? content : acknowledgement)),
    isFirst: new Uint8Array(rows.length),
    unpadded: Uint32Array.from(rows, ({ isText }) => (isText ? 300 : 200)),
    confirmedBy: Int32Array.from(rows, ({ isText, text }) =>
      isText ? rows.findIndex((other) => !other.isText && other.text === text) : -1,
    ),
    mailbox: Uint16Array.of(random.below(2 ** 16), random.below(2 ** 16)),
    written: TEXTS,
    delivered: { count: TEXTS, totalMs: TEXTS * 2_000 },
  };
}
