/**
 * `pnpm bench <area>`: measures us beside a peer. `pnpm bench --list` says what there is.
 * @module
 */
import { runHere as campaign } from "@chat/campaign";
import { AREAS } from "./areas.ts";
import { bench } from "./command.ts";
import { BenchError } from "./errors.ts";

/** How long something that was left open may keep the process alive after the end. */
const EXIT_LIMIT_MS = 10_000;

/** A campaign, which has no peer but the truth. */
const SIMULATION = "simulation";

const args = process.argv.slice(2);
process.exitCode = args[0] === SIMULATION ? await campaign(args) : await measure(args);

setTimeout(() => {
  console.error("✗ something was left open after the measurement");
  process.exit(1);
}, EXIT_LIMIT_MS).unref();

function measure(args: readonly string[]): Promise<0 | 1> {
  const interrupted = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    // Once: a second one ends the process the hard way.
    process.once(signal, () => interrupted.abort(new BenchError("INTERRUPTED", `interrupted by ${signal}`)));
  }
  return bench(args, {
    areas: AREAS,
    out: (text) => console.log(text),
    log: (text) => console.error(text),
    signal: interrupted.signal,
  });
}
