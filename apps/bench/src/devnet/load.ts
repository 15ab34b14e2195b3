/**
 * One load on service nodes, by light peers in a process of their own (`go/load.go`): the same on both sides.
 * @module
 */
import { within } from "../deadline.ts";
import type { Owned } from "../e2e/owned.ts";
import { BenchError } from "../errors.ts";
import { goProgram } from "./go-program.ts";
import { Program } from "./program.ts";
import type { ServiceNodes } from "./service-nodes.ts";

/** Of the messages, in percent; beyond, a figure would not tell what it is said to tell. */
const TOLERATED_LOSS = 1;

export interface Load {
  readonly messages: number;
  readonly sizeBytes: number;
  /** Each with a connection of its own. @default 1 */
  readonly subscribers?: number;
  /** Peers that push; with 0, the first subscribers do. @default 4 */
  readonly senders?: number;
  /** Messages under way, from the push until every subscriber has it, unless there is a rate. @default 32 */
  readonly window?: number;
  /** Messages in a second, whatever is under way. @default as many as come through */
  readonly rate?: number;
  readonly limitMs: number;
}

export type LoadResult = {
  readonly sent: number;
  readonly refused: number;
  /** Not at every subscriber within ten seconds. */
  readonly lost: number;
  /** At every subscriber. */
  readonly delivered: number;
  /** Once for each subscriber. */
  readonly arrivals: number;
  /** From the first push to the last arrival. */
  readonly seconds: number;
  /** From the push, or from when it was due, until every subscriber has it. */
  readonly p50Ms: number;
  readonly p99Ms: number;
};

export const say = (line: string) => void process.stderr.write(`${line}\n`);

/**
 * Pushes at the first node, subscribes at the last. Resolves when every message has arrived or is lost.
 *
 * @param owned - ends the load when it is released before
 * @throws {@link BenchError} `CASE_FAILED` when too much was lost, `DEADLINE`
 */
export async function runLoad(nodes: ServiceNodes, load: Load, owned: Owned): Promise<LoadResult> {
  const { messages, sizeBytes, subscribers = 1, senders = 4, window = 32, rate = 0, limitMs } = load;
  const { addresses, side } = nodes;
  const options = {
    push: addresses[0],
    subscribe: addresses.at(-1),
    count: messages,
    size: sizeBytes,
    subscribers,
    senders,
    window,
    rate,
  };
  const answer = await answerOf(`load on ${side}`, "load", options, limitMs, owned);
  return checked(side, {
    sent: numberIn(answer, "sent"),
    refused: numberIn(answer, "refused"),
    lost: numberIn(answer, "lost"),
    delivered: numberIn(answer, "delivered"),
    arrivals: numberIn(answer, "arrivals"),
    seconds: numberIn(answer, "seconds"),
    p50Ms: numberIn(answer, "p50Ms"),
    p99Ms: numberIn(answer, "p99Ms"),
  });
}

/** Complains of what was lost. @throws {@link BenchError} `CASE_FAILED` when it was too much */
export function checked(side: string, result: LoadResult): LoadResult {
  const { sent, refused, lost } = result;
  if (refused + lost === 0 && sent > 0) return result;
  const complaint = `${side}: of ${sent} messages, ${lost} were lost and ${refused} refused`;
  if (sent === 0 || (refused + lost) * 100 > sent * TOLERATED_LOSS) throw new BenchError("CASE_FAILED", complaint);
  say(complaint);
  return result;
}

/** Runs the Go program and ends it when it is late. */
export async function answerOf(
  what: string,
  command: "load" | "query",
  options: Readonly<Record<string, unknown>>,
  limitMs: number,
  owned: Owned,
) {
  const flags = Object.entries(options).map(([name, value]) => `-${name}=${value}`);
  const program = owned.use(new Program(what, await goProgram(), [command, ...flags], { log: say }));
  try {
    return await within({ limitMs, what }, () => program.answer());
  } finally {
    await program[Symbol.asyncDispose]();
  }
}

export function numberIn(answer: Readonly<Record<string, unknown>>, name: string): number {
  const value = answer[name];
  if (typeof value === "number") return value;
  throw new BenchError("CASE_FAILED", `${name}: want a number, got ${JSON.stringify(value)}`);
}
