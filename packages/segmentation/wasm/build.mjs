/**
 * Compiles the AssemblyScript sources in this folder and writes each binary, as base64, into a module of `src/wasm`.
 * The same sources give the same bytes on every machine: `npm test` builds them again and compares.
 *
 *     node wasm/build.mjs [--check]
 *
 * @module
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import asc from "assemblyscript/asc";

/** A source may become several binaries, one for each set of instructions. */
const BINARIES = [
  { name: "keccak", source: "keccak.ts", features: [], optimize: ["-O1"] },
  { name: "erasure-simd", source: "erasure.ts", features: ["simd"], optimize: ["-Os"] },
  { name: "erasure-relaxed-simd", source: "erasure.ts", features: ["simd", "relaxed-simd"], optimize: ["-Os"] },
];

const folder = import.meta.dirname;
const generated = join(dirname(folder), "src", "wasm");
const current = new Map(BINARIES.map(({ name }) => [`${name}.ts`, readIfThere(join(generated, `${name}.ts`))]));
const stale = [];
for (const { name, source, features, optimize = ["-O3", "--converge"] } of BINARIES) {
  const file = `${name}.ts`;
  const module = moduleOf(name, await compile(source, features, optimize));
  if (module === current.get(file)) continue;
  stale.push(file);
  if (!process.argv.includes("--check")) writeFileSync(join(generated, file), module);
}
for (const file of readdirSync(generated)) if (!current.has(file)) stale.push(`${file} (of no source)`);
if (process.argv.includes("--check") && stale.length > 0) {
  process.stderr.write(`src/wasm is not what wasm/ compiles to: ${stale.join(", ")}; run \`pnpm generate\`\n`);
  process.exit(1);
}

async function compile(source, features, optimize) {
  const output = new Map();
  const { error, stderr } = await asc.main(
    [
      source,
      ...["--outFile", "out.wasm", "--runtime", "stub", "--noAssert", ...optimize],
      ...features.flatMap((feature) => ["--enable", feature]),
    ],
    {
      readFile: (name) => readIfThere(join(folder, name)) ?? null,
      writeFile: (name, contents) => output.set(name, contents),
      listFiles: () => [],
    },
  );
  if (error) throw new Error(`${source}: ${error.message}\n${stderr.toString()}`);
  return output.get("out.wasm");
}

function moduleOf(name, binary) {
  const constant = `${name.replaceAll("-", "_").toUpperCase()}_WASM`;
  return `// Compiled from wasm/ by \`pnpm generate\`; ${binary.length} bytes as base64. Do not edit.\nexport const ${constant} =\n  "${Buffer.from(binary).toString("base64")}";\n`;
}

function readIfThere(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
