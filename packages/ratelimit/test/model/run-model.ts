/**
 * Runs of the model, which a seed repeats.
 * @module
 */
import fc from "fast-check";
import { Account, type Rules } from "./account.ts";
import { commandOf, type Step, step } from "./commands.ts";
import { World } from "./world.ts";

/** Of each run. */
export const STEPS = 200;

const rules: fc.Arbitrary<Rules> = fc.record({
  messagesPerEpoch: fc.integer({ min: 1, max: 12 }),
  lowShare: fc.constantFrom(0, 0.3, 0.5),
  concurrency: fc.constantFrom(1, 2, 8),
  maxAttempts: fc.constantFrom(1, 2, 4),
  maxQueuedMessages: fc.constantFrom(12, 40),
  maxQueuedBytes: fc.constantFrom(80, 4_000),
  maxEnded: fc.constantFrom(0, 5, 10_000),
});

/**
 * @returns what was done and seen, added up
 * @throws with the shortest steps that fail, if some do
 */
export async function runModel(seed: number, runs: number): Promise<Record<string, number>> {
  const totals: Record<string, number> = {};
  const property = fc.asyncProperty(rules, new Steps(), async (chosen, steps) => {
    const account = new Account(chosen);
    const world = new World(account);
    await world.open();
    await fc.asyncModelRun(() => ({ model: account, real: world }), steps.map(commandOf));
    await world.finish();
    for (const [name, count] of Object.entries(account.counts)) totals[name] = (totals[name] ?? 0) + count;
  });
  await fc.assert(property, { seed, numRuns: runs, includeErrorInReport: true });
  return totals;
}

/** Always as many as are wanted, and fewer only while a failure is being shrunk. */
class Steps extends fc.Arbitrary<Step[]> {
  readonly #full = fc.array(step, { minLength: STEPS, maxLength: STEPS });
  readonly #fewer = fc.array(step, { maxLength: STEPS, size: "max" });

  generate(random: fc.Random, bias: number | undefined): fc.Value<Step[]> {
    return this.#full.generate(random, bias);
  }

  canShrinkWithoutContext(value: unknown): value is Step[] {
    return this.#fewer.canShrinkWithoutContext(value);
  }

  shrink(value: Step[], context: unknown): fc.Stream<fc.Value<Step[]>> {
    return this.#fewer.shrink(value, context);
  }
}
