/**
 * `pnpm campaign <name>`: runs a long campaign in full. `pnpm campaign --list` says what there is.
 * @module
 */
import { join } from "node:path";
import { CAMPAIGNS } from "./campaigns.ts";
import { campaign } from "./command.ts";
import { CampaignError } from "./errors.ts";

const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  // Once: a second one ends the process the hard way.
  process.once(signal, () => {
    const message = `interrupted by ${signal}; the same command goes on where this one was`;
    interrupted.abort(new CampaignError("INTERRUPTED", message));
  });
}

process.exitCode = await campaign(process.argv.slice(2), {
  campaigns: CAMPAIGNS,
  root: join(import.meta.dirname, "..", "..", ".."),
  out: (text) => console.log(text),
  log: (text) => console.error(text),
  signal: interrupted.signal,
});
