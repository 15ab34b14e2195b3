/**
 * The experiments on the traces of one run: each is made when it is first asked for, and then known.
 * @module
 */
import { type Acquaintances, acquaintancesOf } from "./acquaintances.ts";
import { type Answers, answersOf } from "./answers.ts";
import { type Attack, attack } from "./attack.ts";
import type { TrafficModel } from "./group-plan.ts";
import { type Kinds, messagesOfKinds, withoutPadding } from "./kinds.ts";
import { type PopulationOrder, traceOf } from "./population.ts";
import { type PairOptions, type PairsOfMessages, pairsOfMessages } from "./same-conversation.ts";
import type { Trace } from "./trace.ts";

/** How much is simulated and looked at. */
export type Scale = {
  readonly people: number;
  readonly steadyMs: number;
  /** Of traffic at other delays than the default. */
  readonly shortSteadyMs: number;
  readonly sessionsMs: number;
  /** Pairs or messages of each kind, at most. */
  readonly samples: number;
  /** Messages of which all candidates are looked at. */
  readonly searched: number;
};

/** From one moment of the trace to the other. */
export type Period = { readonly name: string; readonly fromMs: number; readonly untilMs: number };

export const DEFAULT_DELAY_MS = 2_000;
const WARM_UP_MS = 90_000;
/** Of the first group. */
export const SEED = 1_000;
const WRONG_CANDIDATES = 5;

export class Experiments {
  readonly #scale: Scale;
  readonly #known = new Map<string, Promise<unknown>>();

  constructor(scale: Scale) {
    this.#scale = scale;
  }

  /** `max(0, floor(log2(accounts / 10)))`: protocol.md, "Mailboxes". */
  get mailboxBits(): number {
    return Math.max(0, Math.floor(Math.log2(this.#scale.people / 10)));
  }

  trace(model: TrafficModel, delayMs = DEFAULT_DELAY_MS): Promise<Trace> {
    const { people, steadyMs, shortSteadyMs, sessionsMs } = this.#scale;
    const usualMs = delayMs === DEFAULT_DELAY_MS ? steadyMs : shortSteadyMs;
    const recordedMs = model === "sessions" ? sessionsMs : usualMs;
    const order: PopulationOrder = {
      model,
      people,
      seed: SEED,
      acknowledgementDelayMs: delayMs,
      warmUpMs: WARM_UP_MS,
      recordedMs,
    };
    return this.#once(`trace ${model} ${delayMs}`, () => traceOf(order));
  }

  sameConversation(
    model: TrafficModel,
    withinMs: number,
    buckets: PairOptions["buckets"] = "matched",
  ): Promise<PairsOfMessages & { readonly attack: Attack }> {
    return this.#once(`same ${model} ${withinMs} ${buckets}`, async () => {
      const trace = await this.trace(model);
      const pairs = pairsOfMessages(trace.observed(this.mailboxBits), trace.truth, {
        withinMs,
        most: this.#scale.samples,
        buckets,
      });
      return { ...pairs, attack: attack(pairs.samples) };
    });
  }

  kinds(model: TrafficModel, { name, question }: Kinds, padding: "padded" | "unpadded" = "padded"): Promise<Attack> {
    return this.#once(`kinds ${model} ${name} ${padding}`, async () => {
      const { truth, ...trace } = await this.trace(model);
      const seen = trace.observed(this.mailboxBits);
      const observed = padding === "padded" ? seen : withoutPadding(seen, truth);
      return attack(messagesOfKinds(observed, truth, question, this.#scale.samples));
    });
  }

  answers(model: TrafficModel, delayMs: number): Promise<Answers & { readonly attack: Attack }> {
    return this.#once(`answers ${model} ${delayMs}`, async () => {
      const { samples, searched } = this.#scale;
      const trace = await this.trace(model, delayMs);
      const options = { acknowledgementDelayMs: delayMs, messages: samples, wrong: WRONG_CANDIDATES, searched };
      const answers = answersOf(trace.observed(this.mailboxBits), trace.truth, options);
      return { ...answers, attack: attack(answers.samples) };
    });
  }

  hitRate(model: TrafficModel, delayMs: number) {
    return this.#once(`hits ${model} ${delayMs}`, async () => {
      const answers = await this.answers(model, delayMs);
      return answers.hitRate(answers.attack);
    });
  }

  acquaintances(
    model: TrafficModel,
    {
      mailboxBits = this.mailboxBits,
      ...period
    }: { readonly mailboxBits?: number; readonly fromMs: number; readonly untilMs: number },
  ): Promise<Acquaintances & { readonly attack: Attack }> {
    return this.#once(`acquaintances ${model} ${mailboxBits} ${period.fromMs} ${period.untilMs}`, async () => {
      const trace = await this.trace(model);
      const longestMs = model === "steady" ? 10_000 : 600_000;
      const found = acquaintancesOf(trace, { ...period, mailboxBits, longestMs, strangers: this.#scale.samples });
      return { ...found, attack: attack(found.samples) };
    });
  }

  #once<Result>(what: string, make: () => Promise<Result>): Promise<Result> {
    const found = (this.#known.get(what) as Promise<Result> | undefined) ?? make();
    this.#known.set(what, found);
    return found;
  }
}
