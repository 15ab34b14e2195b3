/**
 * Cases of area `privacy` that say what it costs: delay, padding, and mailboxes that many share.
 * @module
 */
import { loadOf, wakuBytes } from "../bandwidth/waku-size.ts";
import type { BenchCase } from "../case.ts";
import { goalCase } from "../goal-case.ts";
import type { Experiments, Scale } from "./experiments.ts";
import { KINDS } from "./kinds.ts";
import { aucCase, GOALS } from "./observer-cases.ts";
import type { Trace } from "./trace.ts";

const SECOND_MS = 1_000;
/** What area `bandwidth` counts with. */
const LOAD_MAILBOX_BITS = 9;

export function delayCosts(experiments: Experiments, seconds: number): BenchCase[] {
  const trace = () => experiments.trace("steady", seconds * SECOND_MS);
  return [
    goalCase({
      name: `delay-${seconds}s-load`,
      title: `acknowledgements wait ${seconds} s in the mean: 10,000 people who write 4 texts a minute`,
      unit: "Mbit/s",
      peer: "no delay",
      goal: async () => loadOf(bytesPerText(await experiments.trace("steady", 0))),
      measure: async () => loadOf(bytesPerText(await trace())),
    }),
    goalCase({
      name: `delay-${seconds}s-delivered`,
      title: `acknowledgements wait ${seconds} s in the mean: until a writer knows that a text has arrived`,
      unit: "s",
      peer: "no delay",
      goal: async () => (await experiments.trace("steady", 0)).deliveredMs / SECOND_MS,
      measure: async () => (await trace()).deliveredMs / SECOND_MS,
    }),
  ];
}

export function paddingCases(experiments: Experiments): BenchCase[] {
  const mean = async (what: "size" | "unpadded") => {
    const trace = await experiments.trace("steady");
    const sizes = what === "size" ? trace.observed(0).size : trace.truth.unpadded;
    return sizes.reduce((sum, bytes) => sum + bytes, 0) / sizes.length;
  };
  return [
    goalCase({
      name: "padding-bytes",
      title: "bytes of an envelope, beside the same without padding",
      unit: "B",
      peer: "unpadded",
      goal: () => mean("unpadded"),
      measure: () => mean("size"),
    }),
    ...KINDS.map((kinds) =>
      aucCase({
        name: `unpadded-b-${kinds.name}`,
        title: `steady traffic, if nothing were padded: ${kinds.what}`,
        goal: GOALS.kinds,
        note: "what padding is good for; the goal is here for reference",
        measure: () => experiments.kinds("steady", kinds, "unpadded"),
      }),
    ),
  ];
}

export function bitsCases(experiments: Experiments, bits: number, { people, sessionsMs }: Scale): BenchCase[] {
  let anonymity = Number.NaN;
  return [
    aucCase({
      name: `bits-${bits}-accounts`,
      title: `sessions traffic, mailboxes of ${bits} bits, all keys known: pairs of accounts that talk, after all of the time`,
      goal: GOALS.answers,
      note: "the goal is for single messages and is here for reference",
      remark: () => `a pair that talks looks like ${anonymity.toFixed(0)} pairs of accounts, itself among them`,
      measure: async () => {
        const found = await experiments.acquaintances("sessions", {
          mailboxBits: bits,
          fromMs: 0,
          untilMs: sessionsMs,
        });
        anonymity = found.anonymity;
        return found.attack;
      },
    }),
    goalCase({
      name: `bits-${bits}-received`,
      title: `mailboxes of ${bits} bits: what each of ${people} clients receives when all write 4 texts a minute`,
      unit: "kbit/s",
      peer: "its own",
      goal: async () => (bytesPerText(await experiments.trace("steady")) * (4 / 60) * 8) / 1000,
      measure: async () => received(await experiments.trace("steady"), people, bits),
    }),
    goalCase({
      name: `bits-${bits}-anonymity`,
      title: `mailboxes of ${bits} bits: accounts that share one`,
      unit: "accounts",
      better: "higher",
      peer: "10 wanted",
      goal: 10,
      measure: async () => people / 2 ** bits,
    }),
  ];
}

/** kbit/s in one mailbox when all write 4 texts a minute. */
export function received(trace: Trace, people: number, bits: number): number {
  return (bytesPerText(trace) * (4 / 60) * 8 * people) / 2 ** bits / 1000;
}

function bytesPerText(trace: Trace): number {
  const { size } = trace.observed(0);
  return size.reduce((sum, bytes) => sum + wakuBytes(bytes, LOAD_MAILBOX_BITS), 0) / trace.written;
}
