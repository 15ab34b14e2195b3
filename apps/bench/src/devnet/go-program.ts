/**
 * The program in `go/`: the peer of this area and the load on both sides. Built once, by Go's own tools.
 * @module
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { BenchError, messageOf } from "../errors.ts";

/** Where it is in both cases, whether this file is source or built. */
const PACKAGE = join(import.meta.dirname, "..", "..");
const SOURCE = join(PACKAGE, "src", "devnet", "go");
const CACHE = join(PACKAGE, "node_modules", ".cache", "devnet");
const FLAGS = ["-tags", "gowaku_no_rln", "-ldflags=-s -w", "-trimpath", "-buildvcs=false"];

let built: Promise<string> | undefined;

/**
 * The first build downloads and compiles for minutes, later ones take seconds.
 *
 * @returns path of the program
 * @throws {@link BenchError} `CASE_FAILED` without Go
 */
export function goProgram(): Promise<string> {
  built ??= build();
  return built;
}

async function build(): Promise<string> {
  const program = join(CACHE, `${process.platform}-${process.arch}-${fingerprint()}`);
  if (existsSync(program)) return program;
  mkdirSync(CACHE, { recursive: true });
  const unfinished = `${program}.${process.pid}`;
  try {
    await promisify(execFile)("go", ["build", ...FLAGS, "-o", unfinished, "."], { cwd: SOURCE });
  } catch (cause) {
    const message = `go-waku, the peer, has to be built: it takes Go 1.24 or newer, and a C compiler; ${messageOf(cause)}`;
    throw new BenchError("CASE_FAILED", message, { cause });
  }
  renameSync(unfinished, program); // as a whole or not at all
  return program;
}

function fingerprint(): string {
  const hash = createHash("sha256");
  for (const name of readdirSync(SOURCE).sort()) hash.update(name).update(readFileSync(join(SOURCE, name)));
  return hash.digest("hex").slice(0, 16);
}
