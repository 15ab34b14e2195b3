/** What the people of `kill.test.ts` write down; a kill loses none of it, because each entry is one write to a file. @module */
import { appendFileSync, existsSync, readFileSync } from "node:fs";

export type Entry =
  | { readonly kind: "opened" | "settled" }
  /** About to send; whether it became durable is not known yet. */
  | { readonly kind: "trying"; readonly number: number }
  /** `send` resolved. */
  | { readonly kind: "accepted"; readonly id: string; readonly what: "text" | "file" }
  /** The stream handed it out. With it, the person's own position is durable. */
  | { readonly kind: "emitted"; readonly id: string; readonly sequence: number };

export type Person = {
  readonly database: string;
  readonly diary: string;
  readonly network: { readonly peers: readonly string[]; readonly clusterId: number; readonly shards: number };
  /** Begins the conversation with it. Without one, the other side does. */
  readonly invite?: string;
  /** Reads with `since` and the position in the diary, in place of the one that the database keeps. */
  readonly keepsPosition: boolean;
  readonly sendsFile: boolean;
};

export function note(diary: string, entry: Entry): void {
  appendFileSync(diary, `${JSON.stringify(entry)}\n`);
}

export function readDiary(diary: string): Entry[] {
  if (!existsSync(diary)) return [];
  const lines = readFileSync(diary, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Entry);
}
