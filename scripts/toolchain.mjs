/**
 * Brings the tools that the workspace needs: a Node of the supported line and pnpm.
 * Runs on Node 20 and on nothing but what ships with Node; the npm packages `node` and `pnpm` supply what the machine lacks.
 * @module
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

// better-sqlite3 13 needs Node 22; 22.12 is the first that can `require()` ES modules.
const OLDEST_NODE = [22, 12];
const FALLBACK_NODE = "24.21.0";
const PNPM = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).packageManager.split("@")[1];

/** Where an earlier run found the tools, so that a second run need not ask npm again. */
const CACHE = join(ROOT, "node_modules", ".cache", "chat-toolchain.json");

export function fail(message, remedy) {
  console.error(`\n✗ ${message}\n  ${remedy}`);
  process.exit(1);
}

/**
 * Returns only in a process whose Node is new enough and whose PATH has the right pnpm;
 * otherwise runs this same script again in such a process and ends with its exit code.
 */
export async function ensureToolchain() {
  if (process.env.CHAT_TOOLCHAIN === "ready") return;
  const nodeIsSupported = isSupported(process.versions.node);
  const request = nodeIsSupported ? `pnpm@${PNPM} on ${process.execPath}` : `pnpm@${PNPM} node@${FALLBACK_NODE}`;
  const path = cachedPath(request) ?? installTools(request, nodeIsSupported);
  const node = nodeIsSupported ? process.execPath : "node";
  const environment = { ...process.env, PATH: path, CHAT_TOOLCHAIN: "ready", TURBO_TELEMETRY_DISABLED: "1" };
  process.exit(await run(node, process.argv.slice(1), { env: environment }));
}

/** Runs a command on this terminal; resolves with its exit code. Signals reach it and do not end us before it. */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: "inherit", ...options });
    const forward = (signal) => child.kill(signal);
    const ignore = () => {}; // the terminal sends SIGINT to the child as well
    process.on("SIGTERM", forward).on("SIGINT", ignore);
    child.on("error", (error) => fail(`cannot run ${command}: ${error.message}`, "Check that it is installed."));
    child.on("close", (code, signal) => {
      process.off("SIGTERM", forward).off("SIGINT", ignore);
      resolve(code ?? (signal === "SIGINT" || signal === "SIGTERM" ? 0 : 1));
    });
  });
}

/** npm ends with the path of a log file; the lines before say what happened. */
function reasonOf({ stderr, error }) {
  if (error !== undefined) return error.message;
  const lines = stderr.split("\n").filter((line) => /^npm error (?!A complete log|code|errno|syscall)/.test(line));
  return lines[0]?.replace("npm error ", "") ?? (stderr.trim() || "it ended without a word");
}

function isSupported(version) {
  const [major, minor] = version.split(".").map(Number);
  return major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
}

function cachedPath(request) {
  if (!existsSync(CACHE)) return undefined;
  const cache = JSON.parse(readFileSync(CACHE, "utf8"));
  if (cache.request !== request || !existsSync(join(cache.bin, "pnpm"))) return undefined;
  return [cache.bin, process.env.PATH].join(delimiter);
}

function installTools(request, nodeIsSupported) {
  const what = nodeIsSupported ? `pnpm ${PNPM}` : `Node ${FALLBACK_NODE} (this is ${process.version}) and pnpm ${PNPM}`;
  console.error(`• Bringing ${what} from the npm registry`);
  const packages = [...(nodeIsSupported ? [] : ["-p", `node@${FALLBACK_NODE}`]), "-p", `pnpm@${PNPM}`];
  const print = "process.stdout.write(process.env.PATH)";
  const npx = process.platform === "win32" ? "npx.cmd" : "npx";
  const found = spawnSync(npx, ["-y", ...packages, "node", "-e", print], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    shell: process.platform === "win32",
  });
  const bin = (found.stdout ?? "").split(delimiter).find((folder) => existsSync(join(folder, "pnpm")));
  if (found.status !== 0 || bin === undefined) {
    fail(
      `npx could not bring ${what}: ${reasonOf(found)}`,
      "Check that npm reaches its registry (npm ping), or install Node >= 22.12, then try again.",
    );
  }
  mkdirSync(dirname(CACHE), { recursive: true });
  writeFileSync(CACHE, JSON.stringify({ request, bin }));
  return [bin, process.env.PATH].join(delimiter);
}
