/**
 * A process of its own that tells one thing, as a line of JSON: where it listens, or what it measured.
 * @module
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { BenchError } from "../errors.ts";

/** After that, it is ended the hard way. */
const GRACE_MS = 3_000;
/** Lines of its standard error that explain why it ended. */
const LAST_WORDS = 10;

export interface ProgramOptions {
  /** Takes each line of standard error. @default none */
  readonly log?: (line: string) => void;
}

export class Program implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #ended: Promise<unknown>;
  readonly #lastWords: string[] = [];
  readonly #name: string;
  readonly #line: Promise<string>;

  /** @param name - of the program, as it should read in an error */
  constructor(name: string, command: string, args: readonly string[], { log }: ProgramOptions = {}) {
    this.#name = name;
    this.#child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
    this.#child.stdin.on("error", () => {}); // it may be gone already
    this.#ended = new Promise((resolve) => {
      this.#child.once("close", resolve);
      this.#child.once("error", (error) => {
        this.#lastWords.push(error.message);
        resolve(undefined);
      });
    });
    createInterface({ input: this.#child.stderr }).on("line", (line) => {
      this.#lastWords.push(line);
      this.#lastWords.splice(0, this.#lastWords.length - LAST_WORDS);
      log?.(line);
    });
    this.#line = this.#firstLine();
    this.#line.catch(() => {}); // for whoever asks
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** What it tells. @throws {@link BenchError} `CASE_FAILED` when it ends without */
  async answer(): Promise<Readonly<Record<string, unknown>>> {
    const answer: unknown = JSON.parse(await this.#line);
    if (typeof answer === "object" && answer !== null) return { ...answer };
    throw new BenchError("CASE_FAILED", `${this.#name}: want an object, got ${JSON.stringify(answer)}`);
  }

  /** Resolves when it has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin.end();
    this.#child.kill("SIGTERM");
    const kill = setTimeout(() => this.#child.kill("SIGKILL"), GRACE_MS);
    await this.#ended;
    clearTimeout(kill);
  }

  async #firstLine(): Promise<string> {
    const line = once(createInterface({ input: this.#child.stdout }), "line").then(([text]) => String(text));
    const end = this.#ended.then((code) => {
      const words = this.#lastWords.join("\n");
      throw new BenchError("CASE_FAILED", `${this.#name} ended with ${code} before it told anything\n${words}`.trim());
    });
    return Promise.race([line, end]);
  }
}
