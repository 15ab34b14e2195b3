/**
 * The command `campaign` in this process: its signals, its streams, this repository.
 * @module
 */
import { join } from "node:path";
import { CAMPAIGNS } from "./campaigns.ts";
import { campaign } from "./command.ts";
import { CampaignError } from "./errors.ts";

/** To the end of the line. */
const ERASE = "\u001b[K";

/** Resolves with the exit code. */
export async function runHere(args: readonly string[]): Promise<0 | 1> {
  const interrupted = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    // Once: a second one ends the process the hard way.
    process.once(signal, () => {
      const message = `interrupted by ${signal}; the same command goes on where this one was`;
      interrupted.abort(new CampaignError("INTERRUPTED", message));
    });
  }
  const { stderr } = process;
  return campaign(args, {
    campaigns: CAMPAIGNS,
    root: join(import.meta.dirname, "..", "..", ".."),
    out: (text) => console.log(text),
    log: (text) => stderr.write(`${stderr.isTTY ? `\r${ERASE}` : ""}${text}\n`),
    ...(stderr.isTTY && { bar: (line: string) => stderr.write(`\r${line.slice(0, stderr.columns - 1)}${ERASE}`) }),
    signal: interrupted.signal,
  });
}
