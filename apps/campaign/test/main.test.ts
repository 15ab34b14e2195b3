/** The command as a process of its own, from its sources, with real threads. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import { CAMPAIGNS } from "../src/campaigns.ts";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));

type Exit = { readonly code: number | string | null | undefined; readonly stdout: string; readonly stderr: string };

function run(...args: string[]): Promise<Exit> {
  const command = ["--conditions=@chat/source", "--disable-warning=ExperimentalWarning", MAIN, ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, command, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, stdout, stderr });
    });
  });
}

test("runs one batch of a real campaign, prints its figures, and exits by itself", async () => {
  const { code, stdout, stderr } = await run("segmentation-fuzz", "--seed", "1", "--batch", "0", "--json");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(JSON.parse(stdout)).toMatchObject({ campaign: "segmentation-fuzz", seed: 1, batches: 1, count: 10_000 });
});

test("an unknown campaign is an explanation and exit code 1", async () => {
  const { code, stdout, stderr } = await run("nothing");
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  const names = Object.keys(CAMPAIGNS);
  expect(names).toContain("segmentation-fuzz");
  expect(stderr).toContain(`campaign: want one of: ${names.join(", ")}; got nothing`);
});
