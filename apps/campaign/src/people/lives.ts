/**
 * The processes of one person, or of the service node, one after the other. What a process says is heard until its end.
 * @module
 */
import { once } from "node:events";
import { createInterface } from "node:readline";
import { type ScriptProcess, startScript } from "../life.ts";

type Life<Line> = {
  readonly child: ScriptProcess;
  readonly said: Line[];
  readonly startedAtMs: number;
  isOver: boolean;
};

export class Lives<Line extends { readonly kind: string }> implements Disposable {
  readonly #script: string;
  readonly #onLine: (line: Line, ageMs: number) => void;
  #life: Life<Line> | undefined;
  #over: Promise<unknown> = Promise.resolve();
  #errors = "";
  #wake = () => {};

  /**
   * @param script - as `startScript` takes it
   * @param onLine - told of everything that is said, with the age of the process
   */
  constructor(script: string, onLine: (line: Line, ageMs: number) => void = () => {}) {
    this.#script = script;
    this.#onLine = onLine;
  }

  /** Starts a process; the one before must have ended. */
  begin(order: unknown, flags: readonly string[]): void {
    const child = startScript(this.#script, order, flags);
    const life: Life<Line> = { child, said: [], startedAtMs: performance.now(), isOver: false };
    this.#life = life;
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#errors += text;
    });
    createInterface(child.stdout).on("line", (text) => {
      const line: Line = JSON.parse(text);
      life.said.push(line);
      this.#onLine(line, performance.now() - life.startedAtMs);
      this.#wake();
    });
    this.#over = once(child, "close").then(() => {
      life.isOver = true;
      this.#wake();
    });
  }

  /** Resolves when the process that lives now has said such a line. @throws Error if it ends before */
  async says<Kind extends Line["kind"]>(kind: Kind): Promise<Extract<Line, { readonly kind: Kind }>> {
    for (;;) {
      const line = this.#life?.said.find((said) => said.kind === kind);
      if (line !== undefined) return line as Extract<Line, { readonly kind: Kind }>;
      if (this.#life === undefined || this.#life.isOver) throw this.#ended(`before it said "${kind}"`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  has(kind: Line["kind"]): boolean {
    return this.#life?.said.some((said) => said.kind === kind) ?? false;
  }

  tell(line: string): void {
    this.#life?.child.stdin.write(`${line}\n`);
  }

  /** With a signal that it cannot catch. @throws Error if it had ended before */
  async kill(): Promise<void> {
    if (this.#life === undefined || this.#life.isOver) throw this.#ended("before it was killed");
    const { child } = this.#life;
    child.kill("SIGKILL");
    await this.#over;
    if (child.signalCode !== "SIGKILL") throw this.#ended("before it was killed");
  }

  /** Resolves when it has ended by itself. @throws Error if it failed */
  async end(): Promise<void> {
    await this.#over;
    if (this.#life?.child.exitCode !== 0) throw this.#ended("and not well");
  }

  [Symbol.dispose](): void {
    this.#life?.child.kill("SIGKILL");
  }

  #ended(how: string): Error {
    const { exitCode, signalCode } = this.#life?.child ?? {};
    return new Error(`${this.#script} ended (${exitCode ?? signalCode}) ${how}: ${this.#errors}`);
  }
}
