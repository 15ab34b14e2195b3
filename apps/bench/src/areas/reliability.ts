/**
 * Area `reliability`: the same chats with `@chat/sdk` and with js-waku's ReliableChannel, under the same conditions of one
 * simulated network. README.md says what is counted.
 * @module
 */
import type { BenchArea, BenchCase, Plot, Sides } from "../case.ts";
import type { ChannelChatOptions } from "../reliability/channel-chat.ts";
import type { ChatOutcome } from "../reliability/chat-outcome.ts";
import { type ChatCondition, CONDITIONS } from "../reliability/chat-plan.ts";
import { channelChats, ourChats } from "../reliability/chats.ts";
import { memoryCase } from "../reliability/memory-case.ts";

const SEEDS = 20;
const CHANNEL = "@waku/sdk ReliableChannel";
const LIMIT_MS = 2 * 60 * 60 * 1000;

/** Every option at its default, and hints as they come out where encoding takes time: on another millisecond. */
const AS_SHIPPED: ChannelChatOptions = { encodingMs: 1, channel: {} };

type Outcomes = readonly ChatOutcome[];
type Chats = { readonly ours: () => Promise<Outcomes>; readonly theirs: () => Promise<Outcomes> };

type Metric = {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly better: BenchCase["better"];
  readonly note?: string;
  readonly of: (outcomes: Outcomes) => number;
};

const DELIVERED: Metric = {
  name: "delivered",
  title: "share of the texts that were shown to the other",
  unit: "%",
  better: "higher",
  of: (outcomes) => (100 * total(outcomes, "delivered")) / total(outcomes, "written"),
};
const BYTES: Metric = {
  name: "bytes",
  title: "bytes of all Waku messages for each written text",
  unit: "B",
  better: "lower",
  note: "ours is encrypted and padded, the peer in the clear",
  of: (outcomes) => total(outcomes, "bytes") / total(outcomes, "written"),
};
const METRICS: readonly Metric[] = [
  DELIVERED,
  {
    name: "once",
    title: "of 1,000 texts that the application was shown, how many were new to it",
    unit: "of 1,000",
    better: "higher",
    note: "the peer's application is told of every copy with another timestamp; it could remember ids itself",
    of: (outcomes) => (1000 * total(outcomes, "delivered")) / total(outcomes, "shown"),
  },
  {
    name: "order",
    title: "of 1,000 delivered texts, how many were shown after all that their author had written before",
    unit: "of 1,000",
    better: "higher",
    of: (outcomes) => {
      const delivered = total(outcomes, "delivered");
      return (1000 * (delivered - total(outcomes, "disordered"))) / delivered;
    },
  },
  BYTES,
  {
    name: "known",
    title:
      "share of the texts of which the author learned the truth: told that they were delivered if and only if they were",
    unit: "%",
    better: "higher",
    of: (outcomes) => (100 * total(outcomes, "known")) / total(outcomes, "written"),
  },
];

/** @param seeds - chats under each condition */
export function reliabilityArea(seeds: number): BenchArea {
  const chats = new Map(CONDITIONS.map((condition) => [condition.name, chatsOf(condition, seeds)]));
  const at = (name: string): Chats => {
    const found = chats.get(name);
    if (found === undefined) throw new RangeError(`condition: want one of the list, got ${name}`);
    return found;
  };
  return {
    name: "reliability",
    title: "two people who chat for two hours on a bad network: what arrives, how often, in which order, at what cost",
    cases: [
      ...CONDITIONS.flatMap((condition) => METRICS.map((metric) => chatCase(metric, condition, at(condition.name)))),
      ...CONDITIONS.filter(({ name }) => ["calm", "loss-50", "offline"].includes(name)).flatMap((condition) => {
        const theirs = remembered(() => channelChats(condition, seeds, AS_SHIPPED));
        const asShipped = { ours: at(condition.name).ours, theirs };
        return [DELIVERED, BYTES].map((metric) => chatCase(metric, condition, asShipped, "-as-shipped"));
      }),
      memoryCase,
    ],
    plots: async () => [await lossPlot(DELIVERED, at, "%"), await lossPlot(BYTES, at, "B")],
  };
}

export const reliability = reliabilityArea(SEEDS);

function chatsOf(condition: ChatCondition, seeds: number): Chats {
  return {
    ours: remembered(async () => told("ours", condition, await ourChats(condition, seeds))),
    theirs: remembered(async () => told("theirs", condition, await channelChats(condition, seeds))),
  };
}

function remembered(count: () => Promise<Outcomes>): () => Promise<Outcomes> {
  let known: Promise<Outcomes> | undefined;
  return () => {
    known ??= count();
    return known;
  };
}

/** Each seed on standard error: the figures are sums. */
function told(side: keyof Sides & ("ours" | "theirs"), { name }: ChatCondition, outcomes: Outcomes): Outcomes {
  for (const outcome of outcomes) process.stderr.write(`${name} ${side} ${JSON.stringify(outcome)}\n`);
  return outcomes;
}

/** A figure that is counted, not measured: one round says it. */
function chatCase(metric: Metric, condition: ChatCondition, { ours, theirs }: Chats, suffix = ""): BenchCase {
  const { unit, better, note } = metric;
  return {
    name: `${metric.name}-${condition.name}${suffix}`,
    title: `${condition.title}: ${metric.title}${suffix === "" ? "" : "; the peer with its defaults"}`,
    unit,
    better,
    peer: CHANNEL,
    ...(note !== undefined && { note }),
    rounds: 1,
    limitMs: LIMIT_MS,
    prepare: async () => ({
      ours: async () => metric.of(await ours()),
      theirs: async () => metric.of(await theirs()),
      [Symbol.asyncDispose]: async () => {},
    }),
  };
}

async function lossPlot({ name, title, of }: Metric, at: (name: string) => Chats, unit: string): Promise<Plot> {
  const line = async (side: "ours" | "theirs", gaps: "" | "-gaps") => {
    const shares = gaps === "" ? [0, 10, 30, 50] : [10, 30, 50];
    const points = shares.map(async (percent) => {
      const outcomes = await at(percent === 0 ? "calm" : `loss-${percent}${gaps}`)[side]();
      return [percent, of(outcomes)] as const;
    });
    const who = side === "ours" ? "@chat/sdk" : CHANNEL;
    return { name: gaps === "" ? who : `${who}, 20 % not stored`, points: await Promise.all(points) };
  };
  return {
    name: `${name}-by-loss`,
    title: `Loss of live messages: ${title}`,
    x: { label: "live messages lost, %" },
    y: { label: unit, ...(name === "bytes" && { scale: "log" }) },
    lines: [
      await line("ours", ""),
      await line("theirs", ""),
      await line("ours", "-gaps"),
      await line("theirs", "-gaps"),
    ],
  };
}

function total(outcomes: Outcomes, field: Exclude<keyof ChatOutcome, "seed">): number {
  return outcomes.reduce((sum, outcome) => sum + outcome[field], 0);
}
