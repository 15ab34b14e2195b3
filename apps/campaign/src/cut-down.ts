/**
 * Campaigns in `npm test`: a few batches, one fixed seed and one fresh.
 * @module
 */
import { randomInt } from "node:crypto";
import { type Campaign, commandOf, NO_TOTALS, type Totals, withBatch } from "./campaign.ts";
import { CampaignError, messageOf } from "./errors.ts";

/** To be put into the title of the test as `(seed N)`, which `npm test` prints. */
export function freshSeed(): number {
  return randomInt(2 ** 31);
}

/**
 * Runs the first batches of a campaign in this thread, one after the other.
 *
 * @throws {@link CampaignError} `BATCH_FAILED`, with the command that repeats it
 */
export async function runCutDown(campaign: Campaign, seed: number, batches: number): Promise<Totals> {
  let totals = NO_TOTALS;
  while (totals.batches < batches) {
    const batch = totals.batches;
    try {
      totals = withBatch(totals, await campaign.run(seed, batch));
    } catch (cause) {
      const message = `${messageOf(cause)}\nrepeat it with: ${commandOf(campaign.name, { seed, batch })}`;
      throw new CampaignError("BATCH_FAILED", message, { cause });
    }
  }
  return totals;
}
