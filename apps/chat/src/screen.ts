/**
 * Standard input and output as lines. In a terminal, a line that arrives does not tear apart what is being typed.
 * @module
 */
import { createInterface, cursorTo, type Interface, moveCursor } from "node:readline";

export class Screen implements Disposable {
  readonly #lines: Interface;
  #isClosed = false;

  constructor() {
    this.#lines = createInterface({ input: process.stdin, output: process.stdout, prompt: "" });
    this.#lines.on("SIGINT", () => this.close());
    this.#lines.once("close", () => {
      this.#isClosed = true;
    });
  }

  /** Ends when the input does, with ^C, and on {@link close}. Call it at once: lines before the call are lost. */
  lines(): AsyncIterable<string> {
    return this.#lines[Symbol.asyncIterator]();
  }

  print(line: string): void {
    if (this.#isClosed || !process.stdout.isTTY) {
      console.log(line);
      return;
    }
    moveCursor(process.stdout, 0, -this.#lines.getCursorPos().rows);
    cursorTo(process.stdout, 0);
    process.stdout.clearScreenDown();
    console.log(line);
    this.#lines.prompt(true);
  }

  close(): void {
    this.#lines.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
