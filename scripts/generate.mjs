/** `pnpm generate`: protobuf code and WebAssembly binaries, each next to its only user. @module */
import { globSync } from "node:fs";
import { join } from "node:path";
import { ROOT, run } from "./toolchain.mjs";

process.chdir(ROOT);
const environment = { ...process.env, PATH: `${join(ROOT, "node_modules", ".bin")}:${process.env.PATH}` };
for (const template of globSync("{packages,apps}/*/buf.gen.yaml").sort()) {
  const code = await run("buf", ["generate", "--template", template], { env: environment });
  if (code !== 0) process.exit(code);
}
for (const build of globSync("packages/*/wasm/build.mjs").sort()) {
  const code = await run("node", [build], { env: environment });
  if (code !== 0) process.exit(code);
}
