/** The command as a process of its own, on the real SDK, the real devnet and real light nodes. */
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import { AREAS } from "../src/areas.ts";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));

type Exit = { readonly code: number | string | null | undefined; readonly stdout: string; readonly stderr: string };

function run(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Exit> {
  const command = ["--conditions=@chat/source", "--disable-warning=ExperimentalWarning", MAIN, ...args];
  const env = { ...process.env, ...environment };
  return new Promise((resolve) => {
    execFile(process.execPath, command, { env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, stdout, stderr });
    });
  });
}

test("measures a case from end to end, leaves no database behind, and exits by itself", async () => {
  const TMPDIR = mkdtempSync(join(tmpdir(), "chat-bench-test-"));
  try {
    const args = ["e2e", "--case", "delivered", "--rounds", "1", "--json"];
    const { code, stdout, stderr } = await run(args, { TMPDIR });
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining("round 1 of 1") });
    const [result, ...more] = JSON.parse(stdout).results;
    expect(result).toMatchObject({ case: "delivered", unit: "ms", peer: "@waku/sdk" });
    expect(result.ours).toBeGreaterThan(0);
    expect(result.theirs).toBeGreaterThan(0);
    expect(result.ratio).toBeCloseTo(result.theirs / result.ours, 2);
    expect(more).toEqual([]);
    expect(readdirSync(TMPDIR)).toEqual([]);
  } finally {
    rmSync(TMPDIR, { recursive: true, force: true });
  }
});

test("simulation is the campaign of that name, with its options", async () => {
  const { code, stdout } = await run(["simulation", "--seed", "1", "--batch", "0", "--json"]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ campaign: "simulation", seed: 1, count: 1, counts: { chats: 1 } });
});

test("an unknown area is an explanation and exit code 1", async () => {
  const { code, stdout, stderr } = await run(["nowhere"]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain(`area: want one of: ${Object.keys(AREAS).sort().join(", ")}; got nowhere`);
});
