/**
 * Area `privacy`: what an observer of all Waku messages can tell, beside our goals. README.md says what is done.
 * @module
 */
import type { BenchArea } from "../case.ts";
import { bitsCases, delayCosts, paddingCases } from "../privacy/cost-cases.ts";
import { DEFAULT_DELAY_MS, Experiments, type Period, type Scale, SEED } from "../privacy/experiments.ts";
import { KINDS } from "../privacy/kinds.ts";
import { accountsCase, answerCases, kindCase, sameCase } from "../privacy/observer-cases.ts";
import { BITS, DELAYS_S, plotsOf } from "../privacy/plots.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const WITHIN_S = [60, 10];

/** Busy hour, day, days, as far as so much is simulated. */
const PERIODS: readonly Period[] = [
  { name: "1h", fromMs: 19 * HOUR_MS, untilMs: 20 * HOUR_MS },
  { name: "1d", fromMs: 0, untilMs: DAY_MS },
  { name: "3d", fromMs: 0, untilMs: 3 * DAY_MS },
];

const FULL: Scale = {
  people: 2_000,
  steadyMs: 7 * MINUTE_MS,
  shortSteadyMs: 2.5 * MINUTE_MS,
  sessionsMs: 3 * DAY_MS,
  samples: 4_000,
  searched: 1_000,
};

export function privacyArea(scale: Scale): BenchArea {
  const experiments = new Experiments(scale);
  const periods = PERIODS.filter(({ untilMs }) => untilMs <= scale.sessionsMs);
  return {
    name: "privacy",
    title: `what an observer of every message of ${scale.people.toLocaleString("en-US")} people can tell, seeds from ${SEED} on`,
    cases: [
      ...(["steady", "sessions"] as const).flatMap((model) => [
        ...WITHIN_S.map((seconds) => sameCase(experiments, model, seconds, "matched")),
        sameCase(experiments, model, 60, "any"),
        ...KINDS.map((kind) => kindCase(experiments, model, kind)),
      ]),
      ...DELAYS_S.flatMap((seconds) => [
        ...answerCases(experiments, "steady", seconds),
        ...delayCosts(experiments, seconds),
      ]),
      ...answerCases(experiments, "sessions", DEFAULT_DELAY_MS / SECOND_MS),
      accountsCase(experiments, "steady", {
        name: `${scale.steadyMs / MINUTE_MS}min`,
        fromMs: 0,
        untilMs: scale.steadyMs,
      }),
      ...periods.map((period) => accountsCase(experiments, "sessions", period)),
      ...paddingCases(experiments),
      ...BITS.flatMap((bits) => bitsCases(experiments, bits, scale)),
    ],
    plots: () => plotsOf(experiments, periods, scale),
  };
}

export const privacy = privacyArea(FULL);
