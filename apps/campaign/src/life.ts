/**
 * One life of a process that a campaign starts, from its start to the signal that it cannot catch, or to its end. It is
 * given an order as its argument, and prints JSON, one object in each line.
 * @module
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { scriptArguments } from "./script.ts";

export type Life<Line, Reply = never> = {
  /** From this folder, without its suffix. */
  readonly script: string;
  /** Anything that JSON can hold. */
  readonly order: unknown;
  /** Told of all that the process wrote, also what is read after its death; what it throws ends it. */
  readonly onLine: (line: Line, reply: (line: Reply) => void) => void;
  /** None: it ends by itself. */
  readonly death?: Death;
  /** None: it may be silent for as long as it wants. */
  readonly silenceLimitMs?: number;
};

export type Death = {
  /** Counted from its start, or from when it says that it is "open". */
  readonly from: "start" | "open";
  readonly afterMs: number;
};

export type ScriptProcess = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * @param script - from this folder, without its suffix
 * @param order - anything that JSON can hold
 * @param flags - of Node
 */
export function startScript(script: string, order: unknown, flags: readonly string[] = []): ScriptProcess {
  const child = spawn(process.execPath, scriptArguments(script, order, flags), { stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.on("error", () => {}); // what is told to the dead
  return child;
}

/** @throws Error if it ended in any other way than it should */
export async function live<Line extends { readonly kind: string }, Reply = never>(
  life: Life<Line, Reply>,
): Promise<void> {
  const { script, order, onLine, death, silenceLimitMs } = life;
  const child = startScript(script, order);
  const errors: string[] = [];
  child.stderr.setEncoding("utf8").on("data", (text: string) => errors.push(text));
  const closed = once(child, "close");
  const kill = async (afterMs: number) => {
    await wait(afterMs);
    child.kill("SIGKILL");
  };
  const reply = (line: Reply) => void child.stdin.write(`${JSON.stringify(line)}\n`);
  let isHanging = false;
  const alarm = setTimeout(
    () => {
      isHanging = true;
      child.kill("SIGKILL");
    },
    silenceLimitMs ?? 2 ** 31 - 1,
  );
  try {
    if (death?.from === "start") void kill(death.afterMs);
    for await (const text of createInterface(child.stdout)) {
      alarm.refresh();
      const line: Line = JSON.parse(text);
      if (line.kind === "open" && death?.from === "open") void kill(death.afterMs);
      onLine(line, reply);
    }
  } finally {
    clearTimeout(alarm);
    // Without a death of its own it has ended by now, unless something was thrown.
    if (death === undefined && child.exitCode === null) await Promise.race([closed, wait(1_000)]);
    child.kill("SIGKILL");
    await closed;
  }
  if (isHanging) throw new Error(`the process said nothing for ${silenceLimitMs} ms`);
  if (errors.length > 0) throw new Error(`the process failed: ${errors.join("")}`);
  if (death === undefined && child.exitCode !== 0) {
    throw new Error(`exit code: want 0, got ${child.exitCode ?? child.signalCode}`);
  }
}
