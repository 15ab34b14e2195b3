/**
 * Cases of area `privacy` that say what an observer can tell.
 * @module
 */
import type { BenchCase } from "../case.ts";
import { goalCase } from "../goal-case.ts";
import type { Attack } from "./attack.ts";
import { DEFAULT_DELAY_MS, type Experiments, type Period } from "./experiments.ts";
import type { TrafficModel } from "./group-plan.ts";
import type { Kinds } from "./kinds.ts";

const SECOND_MS = 1_000;
export const GOALS = { same: 0.55, kinds: 0.55, answers: 0.65 };
const SESSIONS_NOTE = "people who talk in bursts: the goal is for steady traffic and is here for reference";

export function sameCase(
  experiments: Experiments,
  model: TrafficModel,
  seconds: number,
  buckets: "matched" | "any",
): BenchCase {
  const isAny = buckets === "any";
  const notes = [
    ...(model === "sessions" ? [SESSIONS_NOTE] : []),
    ...(isAny ? ["contains that messages of a quiet bucket are more often of one conversation"] : []),
  ];
  let share = Number.NaN;
  return aucCase({
    name: `${model}-a-${seconds}s${isAny ? "-any-bucket" : ""}`,
    title: `${model} traffic: messages of one conversation from others, at most ${seconds} s apart in one bucket`,
    goal: GOALS.same,
    ...(notes.length > 0 && { note: notes.join("; ") }),
    remark: () => `of all such pairs, ${percent(share)} are of one conversation`,
    measure: async () => {
      const found = await experiments.sameConversation(model, seconds * SECOND_MS, buckets);
      share = found.share;
      return found.attack;
    },
  });
}

export function kindCase(experiments: Experiments, model: TrafficModel, kinds: Kinds): BenchCase {
  return aucCase({
    name: `${model}-b-${kinds.name}`,
    title: `${model} traffic: ${kinds.what}`,
    goal: GOALS.kinds,
    ...(model === "sessions" && { note: SESSIONS_NOTE }),
    measure: () => experiments.kinds(model, kinds),
  });
}

export function answerCases(experiments: Experiments, model: TrafficModel, seconds: number): BenchCase[] {
  const delayMs = seconds * SECOND_MS;
  const isJudged = model === "steady" && delayMs === DEFAULT_DELAY_MS;
  const note = model === "sessions" ? SESSIONS_NOTE : "the goal is for the default delay and is here for reference";
  let shares = "";
  let hits = "";
  return [
    aucCase({
      name: `${model}-c-delay-${seconds}s`,
      title: `${model} traffic: the acknowledgement of a message from other messages in other buckets, mean delay ${seconds} s`,
      goal: GOALS.answers,
      ...(!isJudged && { note }),
      remark: () => shares,
      measure: async () => {
        const found = await experiments.answers(model, delayMs);
        const { truth, written } = await experiments.trace(model, delayMs);
        shares = `${truth.sender.length} messages seen, ${written} texts written; ${percent(found.inTimeShare)} of the acknowledgements are in another bucket and in time; ${percent(found.contentShare)} are content`;
        return found.attack;
      },
    }),
    goalCase({
      name: `${model}-c-delay-${seconds}s-hits`,
      title: `${model} traffic: how often the likeliest of all candidates is the acknowledgement, mean delay ${seconds} s`,
      unit: "%",
      peer: "chance",
      goal: async () => (await experiments.hitRate(model, delayMs)).chance * 100,
      remark: () => hits,
      measure: async () => {
        const { found, messages } = await experiments.hitRate(model, delayMs);
        hits = `± ${percent(Math.sqrt((found * (1 - found)) / messages))}, of ${messages} messages`;
        return found * 100;
      },
    }),
  ];
}

export function accountsCase(experiments: Experiments, model: TrafficModel, period: Period): BenchCase {
  let anonymity = Number.NaN;
  return aucCase({
    name: `${model}-c-accounts-${period.name}`,
    title: `${model} traffic, all keys known: pairs of accounts that talk from pairs that do not, after ${period.name}`,
    goal: GOALS.answers,
    note: "the goal is for single messages and is here for reference",
    remark: () => `a pair that talks looks like ${anonymity.toFixed(0)} pairs of accounts, itself among them`,
    measure: async () => {
      const found = await experiments.acquaintances(model, { fromMs: period.fromMs, untilMs: period.untilMs });
      anonymity = found.anonymity;
      return found.attack;
    },
  });
}

type AucCase = Pick<BenchCase, "name" | "title" | "note" | "remark"> & {
  readonly goal: number;
  readonly measure: () => Promise<Attack>;
};

export function aucCase({ measure, remark, ...described }: AucCase): BenchCase {
  let said = "";
  return goalCase({
    ...described,
    unit: "AUC",
    remark: () => [said, remark?.()].filter((part) => part !== undefined).join("; "),
    measure: async () => {
      const { auc, error, best, positives, negatives } = await measure();
      said = `± ${error.toFixed(3)} by ${best}, ${positives} of ${positives + negatives}`;
      return auc;
    },
  });
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
