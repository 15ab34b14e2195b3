/** A program of this package as a child process, read line by line. */
import { type ChildProcess, spawn } from "node:child_process";

const running = new Set<ChildProcess>();

export type Child = {
  type(line: string): void;
  /** Ends the input, as ^D and the end of a pipe do. */
  endInput(): void;
  interrupt(): void;
  /** The first line that matches and was not waited for before; fails with all output when there is none in time. */
  line(pattern: RegExp, deadlineMs?: number): Promise<string>;
  /** As {@link line}, one line for each pattern, in whatever order they come. */
  lines(patterns: readonly RegExp[], deadlineMs?: number): Promise<string[]>;
  /** Everything, once it has ended by itself. */
  ended(deadlineMs?: number): Promise<{ code: number | null; out: string; error: string }>;
};

/** @param program - file in `src/` */
export function start(program: string, args: readonly string[], cwd: string): Child {
  const path = new URL(`../src/${program}`, import.meta.url).pathname;
  const child = spawn(process.execPath, ["--conditions=@chat/source", "--no-warnings", path, ...args], { cwd });
  running.add(child);
  const text = { out: "", error: "" };
  let code: number | null | undefined;
  let taken = 0;
  let changed = Promise.withResolvers<void>();
  const change = () => {
    changed.resolve();
    changed = Promise.withResolvers();
  };
  child.stdout.setEncoding("utf8").on("data", (chunk) => {
    text.out += chunk;
    change();
  });
  child.stderr.setEncoding("utf8").on("data", (chunk) => {
    text.error += chunk;
  });
  child.once("close", (exitCode) => {
    code = exitCode;
    running.delete(child);
    change();
  });

  async function until<Result>(what: string, deadlineMs: number, look: () => Result | undefined): Promise<Result> {
    const failure = (why: string) => new Error(`${why}: ${what}\n--- output\n${text.out}\n--- errors\n${text.error}`);
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(failure(`not within ${deadlineMs} ms`)), deadlineMs);
    try {
      for (;;) {
        const result = look();
        if (result !== undefined) return result;
        if (code !== undefined) throw failure("the program ended before");
        await Promise.race([changed.promise, late.promise]);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    type: (line) => child.stdin.write(`${line}\n`),
    endInput: () => child.stdin.end(),
    interrupt: () => child.kill("SIGINT"),
    line: (pattern, deadlineMs = 10_000) =>
      until(String(pattern), deadlineMs, () => {
        const complete = text.out.slice(taken, text.out.lastIndexOf("\n") + 1);
        let end = taken;
        for (const line of complete.split("\n").slice(0, -1)) {
          end += line.length + 1;
          if (!pattern.test(line)) continue;
          taken = end;
          return line;
        }
        return undefined;
      }),
    lines: (patterns, deadlineMs = 10_000) =>
      until(patterns.join(" and "), deadlineMs, () => {
        const lines = text.out
          .slice(taken, text.out.lastIndexOf("\n") + 1)
          .split("\n")
          .slice(0, -1);
        const found = patterns.map((pattern) => lines.findIndex((line) => pattern.test(line)));
        if (found.includes(-1)) return undefined;
        taken += lines.slice(0, Math.max(...found) + 1).reduce((length, line) => length + line.length + 1, 0);
        return found.map((index) => lines[index] ?? "");
      }),
    ended: (deadlineMs = 10_000) =>
      until("the end", deadlineMs, () => (code === undefined ? undefined : { code, ...text })),
  };
}

/** For `afterEach`: nothing outlives a failed test. */
export function endAll(): void {
  for (const child of running) child.kill("SIGKILL");
}
