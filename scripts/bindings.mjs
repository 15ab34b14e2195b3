/**
 * The checks and tests of `bindings/`, in the languages that this machine has. What it lacks is said in one line; where
 * CHAT_REQUIRE_GO, _RUST or _NIM is set, that is a failure.
 * @module
 */
import { spawnSync } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { homedir } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import { ROOT } from "./toolchain.mjs";

const STATICCHECK = "honnef.co/go/tools/cmd/staticcheck@v0.8.2";
const BINDINGS = join(ROOT, "bindings");
const environment = {
  ...process.env,
  PATH: [process.env.PATH, join(homedir(), ".cargo", "bin")].join(delimiter),
  GOFLAGS: "-buildvcs=false",
  NO_COLOR: "1",
  CARGO_TERM_COLOR: "never",
};

const LANGUAGES = [
  {
    name: "Go",
    version: () => versionOf("go", ["version"], /go(\d+)\.(\d+)/),
    oldest: [1, 24],
    requiredBy: "CHAT_REQUIRE_GO",
    jobs: () => foldersWith("go/*/go.mod").flatMap(goJobs),
  },
  {
    name: "Rust",
    version: () => versionOf("cargo", ["--version"], /cargo (\d+)\.(\d+)/),
    oldest: [1, 85],
    requiredBy: "CHAT_REQUIRE_RUST",
    jobs: () => foldersWith("rust/Cargo.toml").flatMap(rustJobs),
  },
  {
    name: "Nim",
    version: () => versionOf("nim", ["--version"], /Version (\d+)\.(\d+)/),
    oldest: [1, 6],
    requiredBy: "CHAT_REQUIRE_NIM",
    jobs: () => foldersWith("nim/*/*.nimble").flatMap(nimJobs),
  },
];

/** Runs everything and prints a line for each step, with the output of those that fail. */
export function testBindings() {
  console.log("• Bindings");
  const result = { passed: 0, failed: [] };
  const languages = [];
  for (const { name, version, oldest, requiredBy, jobs } of LANGUAGES) {
    const found = version();
    if (found !== undefined && compare(found, oldest) >= 0) {
      languages.push(name.toLowerCase());
      for (const job of jobs()) perform(name, job, result);
      continue;
    }
    const problem = `want ${name} ${oldest.join(".")} or newer, got ${found === undefined ? "none" : found.join(".")}`;
    if (process.env[requiredBy]) result.failed.push(`bindings in ${name}: ${problem}`);
    console.log(`  ${process.env[requiredBy] ? "✗" : "-"} ${name}: skipped, ${problem}`);
  }
  perform("All languages", interop(languages), result);
  return result;
}

function perform(language, job, result) {
  const startedAt = performance.now();
  const { passed, failed, output } = job.run();
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`  ${failed.length === 0 ? "✓" : "✗"} ${language}, ${job.name}: ${passed} passed (${seconds} s)`);
  result.passed += passed;
  result.failed.push(...failed.map((title) => `${language}, ${job.name}: ${title}`));
  if (failed.length > 0) console.log(output.trim().split("\n").slice(-60).join("\n").replace(/^/gm, "    "));
}

/** After the others, which have compiled what it needs. */
function interop(languages) {
  const args = ["--experimental-vm-modules", "--no-warnings", join(ROOT, "node_modules", "jest", "bin", "jest.js")];
  const env = { ...environment, CHAT_LANGUAGES: languages.join(",") };
  const at = { cwd: join(BINDINGS, "interop"), env };
  return {
    name: "together",
    run: () => counted(command(process.execPath, [...args, "--forceExit", "--verbose"], at), jestTests),
  };
}

function goJobs(folder) {
  const at = { cwd: folder };
  const name = basename(folder);
  return [
    { name: `${name} format`, run: () => silent(command("gofmt", ["-l", "."], at)) },
    { name: `${name} vet`, run: () => checked(command("go", ["vet", "./..."], at)) },
    { name: `${name} staticcheck`, run: () => checked(command("go", ["run", STATICCHECK, "./..."], at)) },
    { name: `${name} tests`, run: () => counted(command("go", ["test", "-json", "-count=1", "./..."], at), goTests) },
  ];
}

function rustJobs(folder) {
  const at = { cwd: folder };
  const clippy = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
  return [
    { name: "format", run: () => checked(command("cargo", ["fmt", "--all", "--check"], at)) },
    { name: "clippy", run: () => checked(command("cargo", clippy, at)) },
    { name: "tests", run: () => counted(command("cargo", ["test", "--workspace", "--no-fail-fast"], at), rustTests) },
  ];
}

function nimJobs(folder) {
  const at = { cwd: folder };
  const name = basename(folder);
  const build = ["c", "--hints:off", `--nimcache:${join(folder, "nimcache")}`];
  const check = ["check", "--hints:off", "--styleCheck:error", join("src", `${name}.nim`)];
  const tests = globSync("tests/t*.nim", { cwd: folder }).sort();
  return [
    { name: `${name} check`, run: () => checkedNim(command("nim", check, at)) },
    ...tests.map((test) => ({
      name: `${name} ${basename(test, ".nim").slice(1)}`,
      run: () =>
        counted(
          command("nim", [...build, `--out:${join("nimcache", basename(test, ".nim"))}`, "-r", test], at),
          nimTests,
        ),
    })),
  ];
}

/** Warnings are problems, too. */
function checkedNim({ status, output }) {
  return checked({ status: status === 0 && !/ Warning: /.test(output) ? 0 : 1, output });
}

function nimTests(output) {
  const lines = output.matchAll(/^ *\[(OK|FAILED)\] (.+)$/gm);
  return Array.from(lines, ([, outcome, title]) => ({ title, isPassed: outcome === "OK" }));
}

function goTests(output) {
  const tests = output.split("\n").flatMap((line) => {
    if (!line.startsWith("{")) return [];
    const { Action: action, Test: title } = JSON.parse(line);
    return title !== undefined && ["pass", "fail"].includes(action) ? [{ title, isPassed: action === "pass" }] : [];
  });
  return tests;
}

function rustTests(output) {
  const lines = output.matchAll(/^test (.+?) (?:- .*)?\.\.\. (ok|FAILED)/gm);
  return Array.from(lines, ([, title, outcome]) => ({ title, isPassed: outcome === "ok" }));
}

function jestTests(output) {
  const lines = output.matchAll(/^ +([✓✕]) (.+?)(?: \(\d+ ms\))?$/gm);
  return Array.from(lines, ([, outcome, title]) => ({ title, isPassed: outcome === "✓" }));
}

/** A test run; one that does not even compile, or loses its tests, counts as one failure. */
function counted({ status, output }, testsOf) {
  const tests = testsOf(output);
  const failed = tests.filter(({ isPassed }) => !isPassed).map(({ title }) => title);
  if (failed.length === 0 && (status !== 0 || tests.length === 0)) failed.push("did not run to its end");
  return { passed: tests.length - tests.filter(({ isPassed }) => !isPassed).length, failed, output: readable(output) };
}

/** Of `go test -json`, what a person reads. */
function readable(output) {
  if (!output.includes('{"Time"')) return output;
  return output
    .split("\n")
    .map((line) => (line.startsWith("{") ? (JSON.parse(line).Output ?? "") : `${line}\n`))
    .join("");
}

function checked({ status, output }) {
  return status === 0 ? { passed: 1, failed: [], output } : { passed: 0, failed: ["has problems"], output };
}

/** A tool that succeeds and names what is wrong. */
function silent({ status, output }) {
  return checked({ status: status === 0 && output.trim() === "" ? 0 : 1, output });
}

function command(file, args, options) {
  const done = spawnSync(file, args, {
    env: environment,
    encoding: "utf8",
    maxBuffer: 256 * 1024 * 1024,
    timeout: 15 * 60_000,
    ...options,
  });
  return { status: done.status ?? 1, output: `${done.stdout ?? ""}${done.stderr ?? ""}${done.error ?? ""}` };
}

function versionOf(file, args, pattern) {
  const { status, output } = command(file, args, { cwd: ROOT });
  const found = status === 0 ? pattern.exec(output) : null;
  return found === null ? undefined : [Number(found[1]), Number(found[2])];
}

function compare([major, minor], [oldMajor, oldMinor]) {
  return major - oldMajor || minor - oldMinor;
}

function foldersWith(pattern) {
  if (!existsSync(BINDINGS)) return [];
  return globSync(pattern, { cwd: BINDINGS })
    .map((file) => join(BINDINGS, dirname(file)))
    .sort();
}
