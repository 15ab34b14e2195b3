/**
 * Diagrams of area `privacy`.
 * @module
 */
import type { Plot } from "../case.ts";
import { received } from "./cost-cases.ts";
import { DEFAULT_DELAY_MS, type Experiments, type Period, type Scale } from "./experiments.ts";
import { KINDS } from "./kinds.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const MODELS = ["steady", "sessions"] as const;
export const DELAYS_S = [0, 2, 3, 10];
export const BITS = [5, 6, 7, 8, 9];

export async function plotsOf(experiments: Experiments, periods: readonly Period[], scale: Scale): Promise<Plot[]> {
  const curves = MODELS.flatMap((model) => [
    {
      name: `${model}: one conversation, 60 s`,
      made: async () => (await experiments.sameConversation(model, MINUTE_MS)).attack,
    },
    ...KINDS.map((kinds) => ({
      name: `${model}: ${kinds.what}`,
      made: () => experiments.kinds(model, kinds),
    })),
    {
      name: `${model}: acknowledgement, 2 s`,
      made: async () => (await experiments.answers(model, DEFAULT_DELAY_MS)).attack,
    },
  ]);
  const lines = [];
  for (const { name, made } of curves) lines.push({ name, points: (await made()).curve });
  const delays = await points(
    DELAYS_S,
    async (seconds) => (await experiments.answers("steady", seconds * SECOND_MS)).attack.auc,
  );
  const hits = await points(
    DELAYS_S,
    async (seconds) => (await experiments.hitRate("steady", seconds * SECOND_MS)).found * 100,
  );
  const hours = new Map(periods.map((period) => [(period.untilMs - period.fromMs) / HOUR_MS, period]));
  const known = await points([...hours.keys()], async (hour) => {
    const { fromMs = 0, untilMs = 0 } = hours.get(hour) ?? {};
    return (await experiments.acquaintances("sessions", { fromMs, untilMs })).attack.auc;
  });
  const trace = await experiments.trace("steady");
  const bits = await points(BITS, async (count) => received(trace, scale.people, count));
  const talk = await points(BITS, async (mailboxBits) => {
    return (await experiments.acquaintances("sessions", { mailboxBits, fromMs: 0, untilMs: scale.sessionsMs })).attack
      .auc;
  });
  const auc = { label: "area under the curve" };
  return [
    { name: "roc", title: "What an observer can tell", x: { label: "wrongly found" }, y: { label: "found" }, lines },
    {
      name: "delay",
      title: "Pairing messages with acknowledgements",
      x: { label: "mean delay, s" },
      y: auc,
      lines: [{ name: "steady", points: delays }],
    },
    {
      name: "delay-hits",
      title: "Likeliest candidate is right",
      x: { label: "mean delay, s" },
      y: { label: "%" },
      lines: [{ name: "steady", points: hits }],
    },
    {
      name: "observed-time",
      title: "Who talks with whom, all keys known",
      x: { label: "hours", scale: "log" },
      y: auc,
      lines: [{ name: "sessions", points: known }],
    },
    {
      name: "bits-cost",
      title: "What each client receives",
      x: { label: "bits of a mailbox" },
      y: { label: "kbit/s", scale: "log" },
      lines: [{ name: "steady", points: bits }],
    },
    {
      name: "bits-accounts",
      title: "Who talks with whom, all keys known",
      x: { label: "bits of a mailbox" },
      y: auc,
      lines: [{ name: "sessions", points: talk }],
    },
  ];
}

async function points(xs: readonly number[], y: (x: number) => Promise<number>): Promise<[number, number][]> {
  const made: [number, number][] = [];
  for (const x of xs) made.push([x, await y(x)]);
  return made;
}
