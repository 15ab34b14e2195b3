/**
 * Installs and builds the workspace, each only when something it depends on has changed.
 * @module
 */
import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fail, ROOT, run } from "./toolchain.mjs";

const STAMP = join(ROOT, "node_modules", ".cache", "chat-installed");

/** Dependencies from the frozen lockfile, then every package's build (cached by turbo). */
export async function setUp() {
  process.chdir(ROOT);
  await install();
  await build();
}

async function install() {
  const wanted = fingerprint();
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === wanted) return;
  console.error("• Installing dependencies (frozen lockfile)");
  rmSync(STAMP, { force: true });
  const args = ["install", "--frozen-lockfile", "--reporter=append-only", "--loglevel=warn"];
  // What sets things up speaks on standard error: standard output belongs to the program that runs (`bench --json`).
  if ((await run("pnpm", args, { env: { ...process.env, CI: "true" }, stdio: ["ignore", 2, 2] })) !== 0) {
    fail(
      "pnpm install failed.",
      "Check that npm reaches its registry; if package.json changed, run `pnpm install` and commit the lockfile.",
    );
  }
  mkdirSync(dirname(STAMP), { recursive: true });
  writeFileSync(STAMP, wanted);
}

async function build() {
  const args = [
    "exec",
    "turbo",
    "run",
    "build",
    "--output-logs=errors-only",
    "--log-order=grouped",
    "--no-update-notifier",
  ];
  console.error("• Building (unchanged packages come from the cache)");
  if ((await run("pnpm", args, { stdio: ["ignore", "ignore", "inherit"] })) === 0) return;
  await run("pnpm", args, { stdio: ["ignore", 2, 2] }); // once more, with its output
  fail("The build failed.", "The messages above name the file; `pnpm typecheck` checks everything at once.");
}

function fingerprint() {
  const hash = createHash("sha256").update(`${process.platform} ${process.arch}\n`);
  const manifests = globSync([
    "package.json",
    "packages/*/package.json",
    "apps/*/package.json",
    "examples/*/package.json",
    "bindings/interop/package.json",
  ]).sort();
  for (const file of ["pnpm-lock.yaml", "pnpm-workspace.yaml", ...manifests])
    hash.update(file).update(readFileSync(file));
  return hash.digest("hex");
}
