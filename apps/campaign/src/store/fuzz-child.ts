/**
 * A process of its own that opens hostile databases and reads all it can: whatever ends it is a finding. Its one argument
 * is a {@link FuzzOrder}; it prints a {@link FuzzLine} before and after each file.
 * @module
 */
import crypto from "node:crypto";
import { readdirSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { Random } from "../random.ts";
import { type Files, MUTATIONS } from "./hostile-files.ts";
import type { StoreFiles } from "./store-files.ts";

export type FuzzOrder = {
  readonly seed: number;
  readonly batch: number;
  readonly files: number;
  /** Empty; what is left in it when the process ends is the file that ended it. */
  readonly directory: string;
};

export type FuzzLine =
  | { readonly kind: "file"; readonly index: number; readonly mutation: string }
  | { readonly kind: "outcome"; readonly mutation: string; readonly code: string }
  | { readonly kind: "problem"; readonly message: string }
  | { readonly kind: "done"; readonly slowestMs: number; readonly peakResidentBytes: number };

const order: FuzzOrder = JSON.parse(process.argv[2] ?? "");
const random = new Random(order.seed, 2 * order.batch);

// Keys and nonces are those of the seed, so that it repeats every byte of a file.
const nonces = new Random(order.seed, 2 * order.batch + 1);
crypto.randomBytes = ((length: number) => Buffer.from(nonces.bytes(length))) as typeof crypto.randomBytes;
syncBuiltinESMExports();
const { makeBases, withStore } = await import("./intact.ts");

/** What is hostile: the one file of a store, or one of its two. */
const TARGETS = ["file", "file", "file", "file", "messages", "secrets"] as const;
type Target = (typeof TARGETS)[number];

/** What each call may end with, opening and closing among them: INVALID_OPTION where a file denies that there are two. */
const DOCUMENTED = ["CORRUPT", "WRONG_KEY", "SCHEMA_TOO_NEW", "IO", "INVALID_RECORD", "INVALID_OPTION"];

/** All that was ever put at a place. */
const sealed = new Map<string, Set<string>>();
const remember = (place: string, value: string) => {
  const values = sealed.get(place) ?? new Set();
  sealed.set(place, values.add(value));
};
const names = { path: join(order.directory, "hostile.db"), secretsPath: join(order.directory, "secrets.db") };
const oneFile = await makeBases({ path: names.path }, random, remember);
const twoFiles = await makeBases(names, random, remember);

let slowestMs = 0;
for (let index = 0; index < order.files; index += 1) {
  const target = random.pick(TARGETS);
  const mutation = random.pick(Object.keys(MUTATIONS));
  tell({ kind: "file", index, mutation: target === "file" ? mutation : target });
  write(target, mutation);
  const startedAtMs = performance.now();
  const outcomes = await outcomesOf(target === "file" ? { path: names.path } : names);
  for (const code of outcomes) tell({ kind: "outcome", mutation: target === "file" ? mutation : target, code });
  slowestMs = Math.max(slowestMs, performance.now() - startedAtMs);
}
removeAll();
tell({ kind: "done", slowestMs, peakResidentBytes: process.resourceUsage().maxRSS * 1_024 });

/** Writes a hostile file, beside an intact one if the store has two. */
function write(target: Target, mutation: string): void {
  const { path, secretsPath = path } = target === "file" ? oneFile : twoFiles;
  const hostile = MUTATIONS[mutation]?.(random, target === "secrets" ? secretsPath : path, `${names.path}.scratch`);
  if (hostile === undefined) throw new RangeError(`mutation: want one of those listed, got ${mutation}`);
  removeAll();
  put(target === "secrets" ? names.secretsPath : names.path, hostile);
  if (target === "file") return;
  const other = target === "secrets" ? path : secretsPath;
  put(
    target === "secrets" ? names.path : names.secretsPath,
    hostile.wal === undefined ? { database: other.closed } : other.killed,
  );
}

function put(file: string, { database, wal, journal }: Files): void {
  writeFileSync(file, database);
  if (wal !== undefined) writeFileSync(`${file}-wal`, wal);
  if (journal !== undefined) writeFileSync(`${file}-journal`, journal);
}

function removeAll(): void {
  for (const name of readdirSync(order.directory)) rmSync(join(order.directory, name));
}

/** @returns what the calls ended with: "read", or a code, once each */
async function outcomesOf(files: StoreFiles): Promise<Set<string>> {
  const outcomes = new Set<string>();
  const note = (error: unknown) => outcomes.add(codeOf(error));
  const opened = withStore(files, async (reads, writes) => {
    for (const read of reads) {
      try {
        for (const [place, value] of await read()) check(place, value);
        outcomes.add("read");
      } catch (error) {
        note(error);
      }
    }
    for (const step of writes) await step().catch(note);
  });
  await opened.catch(note);
  return outcomes;
}

function check(place: string, value: string): void {
  if (sealed.get(place)?.has(value)) return;
  stop(`${place}: want what was put there, got ${value.slice(0, 200)}`);
}

function codeOf(error: unknown): string {
  const code = typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
  if (DOCUMENTED.includes(code) && error instanceof Error && /^(StoreError|RateLimitError)$/.test(error.name))
    return code;
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return stop(`want a documented code, got ${text}`);
}

/** At once, so that the file is left as it is. */
function stop(message: string): never {
  tell({ kind: "problem", message });
  process.exit(1);
}

function tell(line: FuzzLine): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}
