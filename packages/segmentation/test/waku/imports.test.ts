import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";

const src = join(import.meta.dirname, "../../src");
const files = ["waku.ts", ...globSync("waku/*.ts", { cwd: src })];
const imports = files.flatMap((file) => readFileSync(join(src, file), "utf8").match(/^import .*?;$/gms) ?? []);

test("the Waku helper loads nothing of Waku, of Node or of anybody else: it has types of @waku/sdk, and its own files", () => {
  const foreign = imports.filter((line) => !/ from "\.\.?\/[^"]+";$/.test(line));
  expect(foreign.length).toBeGreaterThan(3);
  expect(foreign.filter((line) => !/^import type \{[^}]+\} from "@waku\/sdk";$/.test(line))).toEqual([]);
});
