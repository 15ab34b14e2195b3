/**
 * Makes `build/chatd`: the daemon, its addon and Node in one file, for the system that it is made on.
 * @module
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { embeddedAddons } from "./addons.mjs";
import { notices } from "./notices.mjs";

/** The first line with long-term support that makes executables by itself (`--build-sea`). */
const NODE = "26.10.0";

const home = dirname(dirname(fileURLToPath(import.meta.url)));
const output = join(home, "build");
const bundle = join(output, "chatd.cjs");
const executable = join(output, process.platform === "win32" ? "chatd.exe" : "chatd");
const { version } = JSON.parse(readFileSync(join(home, "package.json"), "utf8"));

rmSync(output, { recursive: true, force: true });
mkdirSync(output, { recursive: true });
const node = bringNode();
const assets = {};
const { metafile } = await build({
  entryPoints: [join(home, "dist", "main.js")],
  absWorkingDir: home,
  outfile: bundle,
  bundle: true,
  minify: true,
  keepNames: true, // errors are told by their names
  platform: "node",
  format: "cjs",
  target: `node${NODE.split(".")[0]}`,
  define: { CHATD_VERSION: JSON.stringify(version) },
  logOverride: { "empty-import-meta": "silent" }, // of the manifest that is not read where CHATD_VERSION is
  metafile: true,
  plugins: [embeddedAddons(assets)],
});

const config = join(output, "sea.json");
const options = { executable: node, main: bundle, output: executable, assets };
writeFileSync(config, JSON.stringify({ ...options, disableExperimentalSEAWarning: true, useCodeCache: true }));
execFileSync(node, ["--build-sea", config], { stdio: ["ignore", 2, 2] });
const inputs = Object.keys(metafile.inputs).map((input) => join(home, input.replace(/^addon:/, "")));
writeFileSync(join(output, "chatd.licences.txt"), notices(inputs, node));
for (const intermediate of [bundle, config]) rmSync(intermediate);
process.stdout.write(
  `${executable} (${(statSync(executable).size / 1e6).toFixed(1)} MB, Node ${NODE}, chatd ${version})\n`,
);

function bringNode() {
  const args = ["exec", "--yes", "--loglevel=error", `--package=node@${NODE}`, "--", "node", "-p", "process.execPath"];
  const options = { cwd: output, encoding: "utf8", shell: process.platform === "win32" };
  return execFileSync(process.platform === "win32" ? "npm.cmd" : "npm", args, options).trim();
}
