/**
 * `pnpm report`: makes the pages of `docs/benchmarks` from the JSON files there. `--check` only says whether they are
 * what it would make.
 * @module
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Pages, pagesOf } from "./pages.ts";
import { parseResult } from "./results.ts";

const FOLDER = join(import.meta.dirname, "..", "..", "..", "docs", "benchmarks");

const names = readdirSync(FOLDER).sort();
const results = names
  .filter((name) => name.endsWith(".json"))
  .map((name) => parseResult(name, readFileSync(join(FOLDER, name), "utf8")));
const pages = pagesOf(results);
const isMade = (name: string) => name.endsWith(".md") || name.endsWith(".svg");
const outdated = [...names.filter((name) => isMade(name) && !pages.has(name)), ...changed(pages)];

if (process.argv.includes("--check")) {
  for (const name of outdated) console.error(`docs/benchmarks/${name} is not what the JSON gives: run pnpm report`);
  process.exitCode = outdated.length === 0 ? 0 : 1;
} else {
  for (const name of names) if (isMade(name) && !pages.has(name)) rmSync(join(FOLDER, name));
  for (const [name, content] of pages) writeFileSync(join(FOLDER, name), content);
  console.log(`${pages.size} files in docs/benchmarks, ${outdated.length} of them changed`);
}

function changed(made: Pages): string[] {
  return [...made].flatMap(([name, content]) => {
    const isThere = names.includes(name);
    return isThere && readFileSync(join(FOLDER, name), "utf8") === content ? [] : [name];
  });
}
