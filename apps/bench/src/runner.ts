/**
 * Measures one case: rounds of both sides by turns in one process, so that whatever slows the machine down for a
 * while slows down both.
 * @module
 */
import type { BenchCase, Sides } from "./case.ts";
import { within } from "./deadline.ts";
import { BenchError, messageOf } from "./errors.ts";
import { ratio, type Spread, spread } from "./statistics.ts";

export type Measurement = {
  readonly case: BenchCase;
  readonly rounds: number;
  readonly ours: Spread;
  readonly theirs: Spread;
  readonly ratio: number;
};

export interface RunOptions {
  /** @default the case's own number */
  readonly rounds?: number | undefined;
  readonly signal?: AbortSignal;
  /** Called after each measured round; `round` counts from 1. */
  readonly onRound?: (round: { round: number; rounds: number; ours: number; theirs: number }) => void;
}

/** Releasing sockets and databases takes milliseconds; this is for what hangs. */
const RELEASE_LIMIT_MS = 10_000;

/** @throws {@link BenchError} `CASE_FAILED` with the reason as `cause`; the signal's reason */
export async function runCase(benchCase: BenchCase, options: RunOptions = {}): Promise<Measurement> {
  try {
    return await measure(benchCase, options);
  } catch (cause) {
    options.signal?.throwIfAborted();
    throw new BenchError("CASE_FAILED", `case ${benchCase.name}: ${messageOf(cause)}`, { cause });
  }
}

async function measure(benchCase: BenchCase, { rounds = benchCase.rounds, signal, onRound }: RunOptions) {
  const { better, limitMs, name } = benchCase;
  const preparing = benchCase.prepare();
  let sides: Sides;
  try {
    sides = await within({ limitMs, what: `${name}, preparing`, signal }, () => preparing);
  } catch (error) {
    // It may still come, and would keep the process alive.
    preparing.then(release, () => {});
    throw error;
  }
  try {
    const take = (side: "ours" | "theirs") =>
      within({ limitMs, what: `${name}, ${side}`, signal }, () => sides[side]());
    // One round of each that does not count: code is compiled, connections are warm.
    await take("ours");
    await take("theirs");
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      // Who begins changes with every round: neither side always finds the other's garbage.
      const order = round % 2 === 1 ? (["ours", "theirs"] as const) : (["theirs", "ours"] as const);
      for (const side of order) (side === "ours" ? ours : theirs).push(await take(side));
      onRound?.({ round, rounds, ours: ours.at(-1) ?? 0, theirs: theirs.at(-1) ?? 0 });
    }
    const [our, their] = [spread(ours), spread(theirs)];
    return { case: benchCase, rounds, ours: our, theirs: their, ratio: ratio(better, our.median, their.median) };
  } finally {
    await release(sides);
  }
}

async function release(sides: Sides): Promise<void> {
  await within({ limitMs: RELEASE_LIMIT_MS, what: "closing" }, async () => sides[Symbol.asyncDispose]());
}
