/**
 * One life of a submitting process, from its start to the signal that it cannot catch, or to its end.
 * @module
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { extname } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { ChildOrder, FromChild, FromParent } from "./protocol.ts";

// Beside this file, in the sources as in the build.
const SUFFIX = extname(import.meta.filename);
const CHILD = fileURLToPath(new URL(`./child${SUFFIX}`, import.meta.url));
const SOURCE_FLAGS = SUFFIX === ".ts" ? ["--conditions=@chat/source", "--disable-warning=ExperimentalWarning"] : [];

export type Death = {
  /** Counted from its start, or from when its store was open. */
  readonly from: "start" | "open";
  readonly afterMs: number;
};

/**
 * @param onLine - told of all that the process wrote, also what is read after its death; what it throws ends it
 * @param death - none: it ends by itself
 */
export async function live(
  order: ChildOrder,
  onLine: (line: FromChild, reply: (line: FromParent) => void) => void,
  death?: Death,
): Promise<void> {
  const child: ChildProcessByStdio<Writable, Readable, Readable> = spawn(
    process.execPath,
    [...SOURCE_FLAGS, CHILD, JSON.stringify(order)],
    { stdio: ["pipe", "pipe", "pipe"] },
  );
  child.stdin.on("error", () => {}); // answers to the dead
  const errors: string[] = [];
  child.stderr.setEncoding("utf8").on("data", (text: string) => errors.push(text));
  const closed = once(child, "close");
  const kill = async (afterMs: number) => {
    await wait(afterMs);
    child.kill("SIGKILL");
  };
  const reply = (line: FromParent) => void child.stdin.write(`${JSON.stringify(line)}\n`);
  try {
    if (death?.from === "start") void kill(death.afterMs);
    for await (const text of createInterface(child.stdout)) {
      const line: FromChild = JSON.parse(text);
      if (line.kind === "open" && death?.from === "open") void kill(death.afterMs);
      onLine(line, reply);
    }
  } finally {
    // Without a death of its own it has ended by now, unless something was thrown.
    if (death === undefined && child.exitCode === null) await Promise.race([closed, wait(1_000)]);
    child.kill("SIGKILL");
    await closed;
  }
  if (errors.length > 0) throw new Error(`the process failed: ${errors.join("")}`);
  if (death === undefined && child.exitCode !== 0) throw new Error(`exit code: want 0, got ${child.exitCode}`);
}
