/**
 * Runs every `ts` code block of the READMEs as it stands, in a process and an empty folder of its own.
 * A block is a whole program; one that cannot run alone is marked `ts ignore`.
 */
import { spawn } from "node:child_process";
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "@jest/globals";

const root = dirname(import.meta.dirname);
/** Examples outside a package may use what an application of the SDK can. */
const APPLICATION = "packages/sdk";

const examples = globSync(["README.md", "docs/**/*.md", "packages/*/README.md", "apps/*/README.md"], { cwd: root })
  .sort()
  .flatMap((file) => {
    const blocks = [...readFileSync(join(root, file), "utf8").matchAll(/^```ts\n(.*?)^```/gms)];
    return blocks.map(([, code = ""], index) => ({ name: `${file}, example ${index + 1}`, file, code, index }));
  });

test("there are examples to run", () => {
  expect(examples.map(({ file }) => file)).toEqual(expect.arrayContaining(["README.md", "packages/sdk/README.md"]));
});

test("the minimal example has at most 25 lines, imports included (CHAT-U3)", () => {
  const minimal = examples.find(({ file }) => file === "README.md");
  const lines = minimal?.code.split("\n").filter((line) => line.trim() !== "" && !line.trim().startsWith("//")) ?? [];
  expect(lines.length).toBeGreaterThan(10);
  expect(lines.length).toBeLessThanOrEqual(25);
});

test.each(examples)("$name runs", async ({ file, code, index }) => {
  const packageFolder = file.startsWith("packages/") || file.startsWith("apps/") ? dirname(file) : APPLICATION;
  const sources = join(root, packageFolder, ".examples");
  const script = join(sources, `${file.replaceAll(/\W/g, "-")}-${index}.ts`);
  const folder = mkdtempSync(join(tmpdir(), "chat-example-"));
  mkdirSync(sources, { recursive: true });
  writeFileSync(script, code);
  try {
    const { exitCode, output } = await run(script, folder);
    expect({ exitCode, output }).toEqual({ exitCode: 0, output: expect.any(String) });
  } finally {
    rmSync(script, { force: true });
    rmSync(folder, { recursive: true, force: true });
  }
});

/** Ends by itself or is a failure: an example that hangs is not one. */
function run(script: string, folder: string): Promise<{ exitCode: number | string; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--conditions=@chat/source", "--no-warnings", script], { cwd: folder });
    let output = "";
    const collect = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    const limit = setTimeout(() => child.kill("SIGKILL"), 25_000);
    child.on("error", reject);
    child.on("close", (exitCode, signal) => {
      clearTimeout(limit);
      resolve({ exitCode: exitCode ?? signal ?? "unknown", output });
    });
  });
}
