/**
 * Runs one of the scripts of this directory in a process of its own and reads what it prints, line by line.
 * @module
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export class Child {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #exit: Promise<unknown>;
  readonly #lines: AsyncIterator<string>;

  /** @param script - a file of this directory; it ends when its standard input does */
  constructor(script: string, ...values: string[]) {
    const file = fileURLToPath(new URL(script, import.meta.url));
    this.#process = spawn(process.execPath, ["--conditions=@chat/source", file, ...values], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#exit = once(this.#process, "close");
    this.#lines = createInterface(this.#process.stdout)[Symbol.asyncIterator]();
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** The next line; undefined when the process has ended. */
  async line(): Promise<string | undefined> {
    const { done, value } = await this.#lines.next();
    return done ? undefined : value;
  }

  /** Ends the process without giving it a chance to tidy up. */
  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#exit;
  }

  /** Linux only: returns when no thread of the process does anything any more. */
  async stop(): Promise<void> {
    this.#process.kill("SIGSTOP");
    const tasks = `/proc/${this.#process.pid}/task`;
    const isStopped = (task: string) => / T /.test(readFileSync(`${tasks}/${task}/stat`, "utf8"));
    while (!readdirSync(tasks).every(isStopped)) await wait(1);
  }

  /** After {@link stop}. */
  goOn(): void {
    this.#process.kill("SIGCONT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
