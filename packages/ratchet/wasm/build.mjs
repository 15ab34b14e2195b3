/**
 * Compiles the AssemblyScript sources in this folder; each binary becomes a module of `src/wasm` that holds it as base64.
 * The same sources give the same bytes everywhere, so `--check` can tell whether `src/wasm` is up to date.
 *
 *     node wasm/build.mjs [--check]
 *
 * @module
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import asc from "assemblyscript/asc";

const KERNELS = ["hashes", "x25519"];
const OPTIONS = ["--runtime", "stub", "--noAssert", "--enable", "bulk-memory", "-O3", "--converge"];

const folder = import.meta.dirname;
const stale = [];
for (const kernel of KERNELS) {
  const file = join(folder, "..", "src", "wasm", `${kernel}.ts`);
  const module = moduleOf(kernel, await compile(`${kernel}.ts`));
  if (module === read(file)) continue;
  stale.push(`${kernel}.ts`);
  if (!process.argv.includes("--check")) writeFileSync(file, module);
}
if (process.argv.includes("--check") && stale.length > 0) {
  process.stderr.write(`src/wasm is not what wasm/ compiles to: ${stale.join(", ")}; run \`pnpm generate\`\n`);
  process.exitCode = 1;
}

async function compile(source) {
  let binary = new Uint8Array();
  const { error, stderr } = await asc.main([source, "--outFile", "kernel.wasm", ...OPTIONS], {
    readFile: (name) => read(join(folder, name)),
    writeFile: (_name, contents) => {
      binary = contents;
    },
    listFiles: () => [],
  });
  if (error) throw new Error(`${source}: ${error.message}\n${stderr.toString()}`);
  return binary;
}

function moduleOf(kernel, binary) {
  const head = `// Compiled from wasm/${kernel}.ts by \`pnpm generate\`; ${binary.length} bytes as base64. Do not edit.`;
  return `${head}\nexport const ${kernel.toUpperCase()}_WASM =\n  "${Buffer.from(binary).toString("base64")}";\n`;
}

function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}
