/** The command as a process of its own. @module */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

const MAIN = join(import.meta.dirname, "..", "src", "main.ts");
const LIMIT_MS = 30_000;

export type Announcement = {
  readonly version: string;
  readonly apiRevision: number;
  readonly pid: number;
  readonly socket: string;
  readonly tokenFile: string;
};

export function command(args: readonly string[]): ChildProcess {
  const flags = ["--conditions=@chat/source", "--disable-warning=ExperimentalWarning", MAIN];
  return spawn(process.execPath, [...flags, ...args], { stdio: ["pipe", "pipe", "pipe"] });
}

/** Resolves when it is ready. */
export async function startProcess(
  args: readonly string[],
  start: typeof command = command,
): Promise<{ child: ChildProcess; place: Announcement }> {
  const child = start(args);
  let problem = "";
  child.stderr?.on("data", (text) => {
    problem += text;
  });
  if (child.stdout === null) throw new Error("want a pipe, got none");
  const lines = createInterface({ input: child.stdout });
  const [line] = await Promise.race([
    once(lines, "line", { signal: AbortSignal.timeout(LIMIT_MS) }),
    once(child, "exit").then(() => Promise.reject(new Error(`chatd ended: ${problem}`))),
  ]);
  return { child, place: JSON.parse(String(line)) };
}

export async function outcomeOf(child: ChildProcess): Promise<{ code: number; output: string; problem: string }> {
  let [output, problem] = ["", ""];
  child.stdout?.on("data", (text) => {
    output += text;
  });
  child.stderr?.on("data", (text) => {
    problem += text;
  });
  const [code] = await once(child, "close");
  return { code, output, problem };
}
