/**
 * What a person's application writes down, which is the truth that its client is held against: each entry is on the disk
 * before the application goes on.
 * @module
 */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";

export type Entry =
  /** About to send it; whether it becomes durable is not known yet. */
  | { readonly kind: "trying"; readonly what: Letter["what"]; readonly number: number }
  /** `send` resolved: from then on it must not be lost. */
  | { readonly kind: "accepted"; readonly number: number; readonly id: string }
  /** `send` said to try again later. */
  | { readonly kind: "refused"; readonly number: number }
  /** The stream handed it out. With it, the application's own position is durable. */
  | ({ readonly kind: "shown"; readonly id: string; readonly sequence: number } & Letter)
  /** Is about to leave, in this place of the epoch's quota. */
  | {
      readonly kind: "slot";
      readonly epoch: number;
      readonly index: number;
      readonly digest: string;
      readonly atMs: number;
    }
  /** A process began to read. */
  | { readonly kind: "opened" };

export type Letter = {
  readonly what: "text" | "file";
  /** Each author counts from 1; a number names a text or a file, see `letters.ts`. */
  readonly number: number;
  /** SHA-256 of the contents. */
  readonly digest: string;
};

/** One process writes it at a time; a line that was cut off is its end. */
export class Diary {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, "a", 0o600);
  }

  note(entry: Entry): void {
    writeSync(this.#file, `${JSON.stringify(entry)}\n`);
    fsyncSync(this.#file);
  }

  close(): void {
    closeSync(this.#file);
  }
}

export function readDiary(path: string): Entry[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.slice(0, -1).map((line) => JSON.parse(line) as Entry);
}
