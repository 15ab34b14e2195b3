/** SEG-+2: the example as its user starts it, in a process of its own. */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startDevnet } from "@chat/devnet";
import { afterAll, beforeAll, expect, test } from "@jest/globals";

const main = join(import.meta.dirname, "../src/main.ts");
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "segmented-waku-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Ends by itself or is a failure. */
function run(...args: string[]): Promise<{ exitCode: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--conditions=@chat/source", "--no-warnings", main, ...args]);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Uint8Array) => {
        output += new TextDecoder().decode(chunk);
      });
    }
    const limit = setTimeout(() => child.kill("SIGKILL"), 25_000);
    child.on("error", reject);
    child.on("close", (exitCode) => {
      clearTimeout(limit);
      resolve({ exitCode, output });
    });
  });
}

test("without arguments it sends 2 MB over a service node of its own", async () => {
  const { exitCode, output } = await run();
  expect(output).toMatch(/\n2097152 bytes arrived in 15 messages, as sent\n$/);
  expect(exitCode).toBe(0);
});

test("a file arrives as it is, over a service node that runs already", async () => {
  const devnet = await startDevnet();
  try {
    const [file, out] = [join(folder, "file"), join(folder, "copy")];
    await writeFile(
      file,
      Uint8Array.from({ length: 1_500_000 }, (_, index) => (index * 31 + (index >> 8)) & 0xff),
    );
    const { exitCode, output } = await run(file, "--out", out, "--peer", devnet.peers[0] ?? "");
    expect({ exitCode, output }).toEqual({
      exitCode: 0,
      output: expect.stringContaining("1500000 bytes arrived in 11"),
    });
    expect((await readFile(out)).equals(await readFile(file))).toBe(true);
  } finally {
    await devnet.close();
  }
});
