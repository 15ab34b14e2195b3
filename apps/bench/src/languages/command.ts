/**
 * The command `segmentation` of the bindings in other languages, compiled for release on this machine.
 * @module
 */
import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { BenchError, messageOf } from "../errors.ts";

const BINDINGS = join(import.meta.dirname, "..", "..", "..", "..", "bindings");
const OUTPUT = join(import.meta.dirname, "..", "..", "node_modules", ".cache", "languages");

type Compiler = {
  readonly folder: string;
  readonly tool: string;
  readonly args: readonly string[];
  readonly made: string;
};

const COMPILERS = {
  go: {
    folder: "go/segmentation",
    tool: "go",
    args: ["build", "-buildvcs=false", "-o", join(OUTPUT, "go"), "./cmd/segmentation"],
    made: join(OUTPUT, "go"),
  },
  rust: {
    folder: "rust",
    tool: "cargo",
    args: ["build", "--quiet", "--release", "--package", "chat-segmentation"],
    made: join(BINDINGS, "rust", "target", "release", "segmentation"),
  },
  nim: {
    folder: "nim/segmentation",
    tool: "nim",
    args: [
      "c",
      "--hints:off",
      "-d:release",
      `--nimcache:${OUTPUT}/nimcache`,
      `--out:${OUTPUT}/nim`,
      "src/segmentation_cli.nim",
    ],
    made: join(OUTPUT, "nim"),
  },
} as const satisfies Record<string, Compiler>;

export type Language = keyof typeof COMPILERS;

const compiled = new Map<Language, Promise<string>>();

/** Compiles once; resolves with the path of the command. @throws {@link BenchError} `CASE_FAILED` without the compiler */
export function commandOf(language: Language): Promise<string> {
  const known = compiled.get(language) ?? compile(language);
  compiled.set(language, known);
  return known;
}

async function compile(language: Language): Promise<string> {
  const { folder, tool, args, made } = COMPILERS[language];
  mkdirSync(OUTPUT, { recursive: true });
  try {
    await promisify(execFile)(tool, args, { cwd: join(BINDINGS, folder) });
  } catch (cause) {
    throw new BenchError("CASE_FAILED", `${language} has to be compiled by ${tool}: ${messageOf(cause)}`, { cause });
  }
  return made;
}

/** One round of one case, in MB/s, after one that does not count. */
export async function measure(command: string, name: string): Promise<number> {
  const { stdout } = await promisify(execFile)(command, ["bench", "--rounds", "1", "--case", name]);
  const figure: unknown = JSON.parse(stdout).cases?.[name]?.[0];
  if (typeof figure !== "number") throw new BenchError("CASE_FAILED", `${name}: want a figure, got ${stdout}`);
  return figure;
}
