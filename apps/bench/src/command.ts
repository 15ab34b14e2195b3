/**
 * The command `bench`, apart from the process it runs in.
 * @module
 */
import { parseArgs } from "node:util";
import type { AreaLoaders } from "./areas.ts";
import type { BenchArea, BenchCase } from "./case.ts";
import { BenchError, messageOf } from "./errors.ts";
import { thisMachine } from "./machine.ts";
import { figure, toReport, toTable } from "./report.ts";
import { type Measurement, runCase } from "./runner.ts";

const MAX_ROUNDS = 10_000;

const USAGE = `bench <area> [options]
bench simulation [options of a campaign]: chats by the thousand, see campaign --help

  --case NAME   only this case (may be repeated)
  --rounds N    measured rounds of each side, 1 to ${MAX_ROUNDS}; default: the case's own number
  --json        one JSON object on standard output, and nothing else there
  --list        the areas and their cases
  --help        this text`;

export interface CommandOptions {
  readonly areas: AreaLoaders;
  /** Takes the result. */
  readonly out: (text: string) => void;
  /** Takes progress and errors. */
  readonly log: (text: string) => void;
  readonly signal?: AbortSignal;
}

/** Resolves with the exit code; a failure has been reported to `log`. */
export async function bench(args: readonly string[], options: CommandOptions): Promise<0 | 1> {
  const { log } = options;
  try {
    return await run(args, options);
  } catch (error) {
    for (const line of explain(error)) log(line);
    return 1;
  }
}

async function run(args: readonly string[], { areas, out, log, signal }: CommandOptions): Promise<0 | 1> {
  const { values, positionals } = parse(args);
  if (values.help || values.list) {
    out(values.help ? USAGE : await list(areas));
    return 0;
  }
  const area = await loadArea(areas, positionals);
  const cases = chooseCases(area, values.case);
  const rounds = parseRounds(values.rounds);
  const measurements: Measurement[] = [];
  const failures: unknown[] = [];
  for (const benchCase of cases) {
    const { name, unit } = benchCase;
    log(`${name}: preparing, and one round to warm up`);
    try {
      const measurement = await runCase(benchCase, {
        rounds,
        ...(signal !== undefined && { signal }),
        onRound: (round) =>
          log(
            `${name}: round ${round.round} of ${round.rounds}: ours ${figure(round.ours)}, theirs ${figure(round.theirs)} ${unit}`,
          ),
      });
      measurements.push(measurement);
    } catch (error) {
      signal?.throwIfAborted();
      failures.push(error); // the other cases may well be measurable
    }
  }
  for (const line of failures.flatMap(explain)) log(line);
  if (measurements.length === 0) return 1;
  const machine = thisMachine();
  if (values.json)
    out(
      JSON.stringify(toReport(area.name, machine, measurements, values.case === undefined ? await area.plots?.() : [])),
    );
  else out(`\n${toTable(area.name, machine, measurements)}`);
  return failures.length === 0 ? 0 : 1;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        case: { type: "string", multiple: true },
        rounds: { type: "string" },
        json: { type: "boolean", default: false },
        list: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
  } catch (cause) {
    throw new BenchError("INVALID_OPTION", messageOf(cause), { cause });
  }
}

async function loadArea(areas: AreaLoaders, positionals: readonly string[]): Promise<BenchArea> {
  const [name, ...more] = positionals;
  const known = Object.keys(areas).join(", ");
  if (name === undefined) throw new BenchError("UNKNOWN_AREA", `area: want one of: ${known}; got none`);
  if (more.length > 0) throw new BenchError("INVALID_OPTION", `area: want one, got ${positionals.join(" ")}`);
  const load = Object.hasOwn(areas, name) ? areas[name] : undefined;
  if (load === undefined) throw new BenchError("UNKNOWN_AREA", `area: want one of: ${known}; got ${name}`);
  return load();
}

/** In the order of the area, whatever the order of the options. */
function chooseCases({ name, cases }: BenchArea, wanted: readonly string[] | undefined): readonly BenchCase[] {
  if (wanted === undefined) return cases;
  for (const each of wanted) {
    if (cases.some((known) => known.name === each)) continue;
    const known = cases.map((existing) => existing.name).join(", ");
    throw new BenchError("UNKNOWN_CASE", `case: ${name} has: ${known}; got ${each}`);
  }
  return cases.filter((existing) => wanted.includes(existing.name));
}

function parseRounds(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const rounds = Number(text);
  if (/^\d+$/.test(text) && rounds >= 1 && rounds <= MAX_ROUNDS) return rounds;
  throw new BenchError("INVALID_OPTION", `rounds: want a whole number from 1 to ${MAX_ROUNDS}, got ${text}`);
}

async function list(areas: AreaLoaders): Promise<string> {
  const loaded = await Promise.all(Object.values(areas).map((load) => load()));
  const width = Math.max(...loaded.flatMap(({ cases }) => cases.map((each) => each.name.length)));
  const lines = loaded.flatMap(({ name, title, cases }) => [
    `${name}: ${title}`,
    ...cases.map((each) => `  ${each.name.padEnd(width)}  ${each.title} [${each.unit}], beside ${each.peer}`),
  ]);
  return lines.join("\n");
}

/** What the person can change is explained; for what they cannot, there is the stack. */
function explain(error: unknown): string[] {
  const headline = `✗ ${messageOf(error)}`;
  if (!(error instanceof BenchError)) return [headline, stackOf(error)];
  const { code, cause } = error;
  if (code === "INVALID_OPTION" || code === "UNKNOWN_AREA" || code === "UNKNOWN_CASE") return [headline, "", USAGE];
  return cause === undefined || cause instanceof BenchError ? [headline] : [headline, stackOf(cause)];
}

function stackOf(error: unknown): string {
  return typeof error === "object" && error !== null && "stack" in error ? String(error.stack) : "";
}
