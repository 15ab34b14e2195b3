/** What `quota-person.ts` is told and what it writes down. A kill loses none of it: each record is one write to a file. @module */
import { readFileSync } from "node:fs";

export type Order = {
  readonly database: string;
  readonly log: string;
  readonly invite: string;
  readonly rateLimit: { readonly messagesPerEpoch: number; readonly epochSeconds: number };
};

export type Record =
  | { readonly kind: "opened"; readonly epoch: number; readonly used: number }
  | { readonly kind: "accepted"; readonly id: string }
  | {
      readonly kind: "published";
      readonly epoch: number;
      readonly index: number;
      readonly digest: string;
      readonly atMs: number;
    }
  | { readonly kind: "status"; readonly id: string; readonly status: string };

export function readLog(path: string): Record[] {
  const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Record);
}
