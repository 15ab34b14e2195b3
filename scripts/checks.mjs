/**
 * Everything that is checked without running the code: types, format and lint, protobuf, unused code, package contents.
 * @module
 */
import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ROOT } from "./toolchain.mjs";

/** Runs every check and prints a line each, with the output of those that fail. */
export async function staticChecks() {
  console.log("• Checks");
  const result = { passed: 0, failed: [] };
  for (const [name, check] of listOfChecks()) {
    const startedAt = performance.now();
    const problem = check();
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.log(`  ${problem === undefined ? "✓" : "✗"} ${name} (${seconds} s)`);
    if (problem === undefined) result.passed += 1;
    else {
      result.failed.push(name);
      console.log(problem.replace(/^/gm, "    "));
    }
  }
  return result;
}

function listOfChecks() {
  return [
    ["types", () => tool("tsc", "-p", "tsconfig.json")],
    ["format and lint", () => tool("biome", "check", "--error-on-warnings", ".")],
    ["protobuf lint", () => tool("buf", "lint", "proto")],
    [
      "protobuf compatibility with proto/baseline.binpb",
      () => tool("buf", "breaking", "proto", "--against", "proto/baseline.binpb"),
    ],
    ["the baseline changed only together with a changeset", baselineHasChangeset],
    ["generated protobuf code is current", generatedCodeIsCurrent],
    ["WebAssembly binaries are what their sources compile to", binariesAreCurrent],
    ["docs/benchmarks is what its JSON files give", benchmarkPagesAreCurrent],
    ["unused files, exports and dependencies", () => tool("knip", "--no-config-hints")],
    ...publicPackages().map((folder) => [`contents and types of ${folder}`, () => packedPackage(folder)]),
  ];
}

/** Undefined when the command succeeds, else its output. */
function tool(name, ...args) {
  return command(join("node_modules", ".bin", name), args);
}

function command(file, args, options = {}) {
  const path = [join(ROOT, "node_modules", ".bin"), process.env.PATH].join(":");
  const done = spawnSync(file, args, {
    cwd: ROOT,
    encoding: "utf8",
    env: { ...process.env, PATH: path, NO_COLOR: "1" },
    ...options,
  });
  return done.status === 0
    ? undefined
    : `${done.stdout ?? ""}${done.stderr ?? ""}${done.error ?? ""}`.trim() || `exit code ${done.status}`;
}

function baselineHasChangeset() {
  const log = spawnSync("git", ["log", "-1", "--name-only", "--format=", "--", "proto/baseline.binpb"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  if (log.status !== 0 || log.stdout.trim() === "") return undefined; // not committed yet, or not a git checkout
  const commit = spawnSync("git", ["log", "-1", "--format=%H", "--", "proto/baseline.binpb"], {
    cwd: ROOT,
    encoding: "utf8",
  }).stdout.trim();
  const files = spawnSync("git", ["show", "--name-only", "--format=", commit], { cwd: ROOT, encoding: "utf8" }).stdout;
  if (/^\.changeset\/.+\.md$/m.test(files)) return undefined;
  return `commit ${commit.slice(0, 9)} renews proto/baseline.binpb without a changeset; add one in the same commit`;
}

function benchmarkPagesAreCurrent() {
  return command(process.execPath, ["--disable-warning=ExperimentalWarning", "apps/report/src/main.ts", "--check"]);
}

function generatedCodeIsCurrent() {
  const fresh = mkdtempSync(join(tmpdir(), "chat-gen-"));
  try {
    for (const template of globSync("{packages,apps}/*/buf.gen.yaml", { cwd: ROOT })) {
      // `clean` would look at the same output folder below `fresh`, which is empty: harmless.
      const problem = tool("buf", "generate", "--template", template, "--output", fresh);
      if (problem !== undefined) return problem;
      const gen = join(dirname(template), "src", "gen");
      for (const file of filesBelow(join(fresh, gen))) {
        const here = join(ROOT, gen, file);
        if (!existsSync(here) || readFileSync(here, "utf8") !== readFileSync(join(fresh, gen, file), "utf8")) {
          return `${join(gen, file)} differs from proto/: run \`pnpm generate\``;
        }
      }
    }
    return undefined;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function binariesAreCurrent() {
  for (const build of globSync("packages/*/wasm/build.mjs", { cwd: ROOT })) {
    const problem = command(process.execPath, [build, "--check"]);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

function publicPackages() {
  return globSync(["packages/*/package.json", "apps/*/package.json"], { cwd: ROOT })
    .filter((manifest) => JSON.parse(readFileSync(join(ROOT, manifest), "utf8")).private !== true)
    .map((manifest) => dirname(manifest))
    .sort();
}

/** Packs as for publication, then lets publint and attw read the tarball. */
function packedPackage(folder) {
  const destination = mkdtempSync(join(tmpdir(), "chat-pack-"));
  try {
    const problem = command("pnpm", ["pack", "--pack-destination", destination], { cwd: join(ROOT, folder) });
    if (problem !== undefined) return problem;
    const [tarball] = readdirSync(destination);
    const file = join(destination, tarball);
    return tool("publint", "run", file, "--strict") ?? tool("attw", file, "--profile", "esm-only", "--no-emoji");
  } finally {
    rmSync(destination, { recursive: true, force: true });
  }
}
