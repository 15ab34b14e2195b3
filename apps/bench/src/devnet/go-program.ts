/**
 * The program in `go/`: the peer of this area and the load on both sides. Built once, by Go's own tools.
 * @module
 */
import { execFile, spawnSync } from "node:child_process";
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

const GO = "go";
const WANTED_GO = [1, 24] as const;

/** Why the program cannot be built here, or undefined. */
export function missingGo(): string | undefined {
  const { stdout, error } = spawnSync(GO, ["env", "GOVERSION", "CGO_ENABLED"], { encoding: "utf8" });
  if (error !== undefined) return "Go is not installed";
  const [version = "", cgo] = stdout.trim().split("\n");
  const [major = 0, minor = 0] = version.replace("go", "").split(".").map(Number);
  if (major < WANTED_GO[0] || (major === WANTED_GO[0] && minor < WANTED_GO[1])) {
    return `Go ${WANTED_GO.join(".")} is wanted, ${version} is installed`;
  }
  return cgo === "1" ? undefined : "Go finds no C compiler, for SQLite";
}

let built: Promise<string> | undefined;

/**
 * The first build downloads and compiles for minutes, later ones take seconds.
 *
 * @returns path of the program
 * @throws {@link BenchError} `CASE_FAILED` where it cannot be built
 */
export function goProgram(): Promise<string> {
  built ??= build();
  return built;
}

async function build(): Promise<string> {
  const program = join(CACHE, `${process.platform}-${process.arch}-${fingerprint()}`);
  if (existsSync(program)) return program;
  const missing = missingGo();
  if (missing !== undefined) throw new BenchError("CASE_FAILED", `go-waku, the peer, has to be built: ${missing}`);
  mkdirSync(CACHE, { recursive: true });
  const unfinished = `${program}.${process.pid}`;
  try {
    await promisify(execFile)(GO, ["build", ...FLAGS, "-o", unfinished, "."], { cwd: SOURCE });
  } catch (cause) {
    throw new BenchError("CASE_FAILED", `go-waku, the peer, could not be built: ${messageOf(cause)}`, { cause });
  }
  renameSync(unfinished, program); // as a whole or not at all
  return program;
}

function fingerprint(): string {
  const hash = createHash("sha256");
  for (const name of readdirSync(SOURCE).sort()) hash.update(name).update(readFileSync(join(SOURCE, name)));
  return hash.digest("hex").slice(0, 16);
}
