/**
 * What a world is like: who meets whom within which bounds.
 * @module
 */
import type { Parity } from "@chat/segmentation";
import type { Random } from "../random.ts";
import type { WatchedOptions } from "./watched-reassembler.ts";

/**
 * - `guarded`: few named hostile senders, a calm clock, bounds for each sender: every honest set must become whole
 * - `open`: ever new hostile senders, tight bounds, a clock that jumps: an honest set becomes whole or is reported
 * - `poisoned`: as `open`, but nobody is named: honest and forged segments meet in one set
 * - `besieged`: as `guarded`, but some indexes of each honest set are given up to three forged chunks before, between
 *   and after the true ones
 */
export type WorldKind = "guarded" | "open" | "poisoned" | "besieged";

export type WorldPlan = {
  readonly kind: WorldKind;
  /** Payloads of a megabyte and more, which are assembled in place. */
  readonly isLarge: boolean;
  readonly options: WatchedOptions;
  readonly parity: Parity;
};

export const HOSTILE_SENDERS = 3;

/** Of the honest sets. */
export const LARGEST_PAYLOAD = 3 * 2 ** 20;
const MOST_SEGMENTS = 520;

const ORDINARY_MESSAGE = 153_600;
const LARGEST_MESSAGE = 2 ** 28 - 1;
const SEGMENT_COST = 700;

export function planWorld(random: Random): WorldPlan {
  const kind = random.pick<WorldKind>(["guarded", "guarded", "open", "poisoned", "besieged"]);
  const isLarge = random.chance(0.02);
  const isRoomy = kind === "guarded" || kind === "besieged";
  const maxMessageSize = chooseMessageSize(random, isLarge);
  const setBytes = isLarge ? 2 * LARGEST_PAYLOAD : MOST_SEGMENTS * Math.min(maxMessageSize, 2_048);
  // Two of the largest sets that honest senders make, four times for what is forged, with what accounts for them.
  const roomy = 2 * (setBytes + MOST_SEGMENTS * SEGMENT_COST) * (kind === "besieged" ? 4 : 1);
  const tight = isLarge ? random.spread(2 ** 20, 2 ** 23) : random.spread(2_000, 2_000_000);
  const maxBufferedBytesPerSender = isRoomy ? roomy : random.chance(0.5) ? tight : Math.ceil(tight / 2);
  const maxSetsPerSender = isRoomy ? 8 : random.between(1, 16);
  const options = {
    maxMessageSize,
    maxPayloadSize: random.pick([100 * 2 ** 20, 2 ** 22, 2 ** 32 - 33]),
    maxTotalSegments: random.pick([65_536, 1_000]),
    wrap: random.pick(["when-needed", "always"] as const),
    blind: random.chance(0.25),
    maxBufferedBytesPerSender,
    maxBufferedBytes: isRoomy ? (HOSTILE_SENDERS + 1) * maxBufferedBytesPerSender : tight,
    maxSetsPerSender,
    maxSets: isRoomy ? (HOSTILE_SENDERS + 1) * maxSetsPerSender : random.between(1, 64),
    maxCompletedSets: isRoomy ? 4_096 : random.pick([0, 1, 16, 1_024]),
    timeoutMs: kind === "open" ? random.spread(1, 300_000) : 300_000,
    random: (length: number) => random.bytes(length),
  };
  return { kind, isLarge, options, parity: chooseParity(random, maxMessageSize) };
}

function chooseMessageSize(random: Random, isLarge: boolean): number {
  if (isLarge) return random.pick([8_000, 40_000, ORDINARY_MESSAGE]);
  return random.pick([123, 187, 187, 251, 507, 1_083, random.between(123, 2_000), ORDINARY_MESSAGE, LARGEST_MESSAGE]);
}

function chooseParity(random: Random, maxMessageSize: number): Parity {
  // Of one chunk, parity by rate is as large as a message may be.
  if (maxMessageSize > ORDINARY_MESSAGE) return "seven-eighths";
  return random.pick<Parity>(["seven-eighths", "seven-eighths", "none", { rate: 0.125 }, { rate: 1 }]);
}
