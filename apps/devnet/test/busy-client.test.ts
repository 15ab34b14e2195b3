/** A client that is busy is not gone. The clock of the node runs ten times as fast here. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { startDevnet } from "../src/index.ts";

const PROGRAM = new URL("busy-client.ts", import.meta.url).pathname;
const SPEED = 10;

beforeEach(() => {
  const { setInterval } = globalThis;
  const faster = (run: () => void, ms: number) => setInterval(run, ms / SPEED);
  jest.spyOn(globalThis, "setInterval").mockImplementation(faster as typeof setInterval);
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  jest.spyOn(AbortSignal, "timeout").mockImplementation((ms) => timeout(ms / SPEED));
});
afterEach(() => {
  jest.restoreAllMocks();
});

test("a client that does not answer for 20 seconds keeps its connection", async () => {
  await using devnet = await startDevnet();
  const kinds: string[] = [];
  devnet.observe(({ kind }) => kinds.push(kind));
  const busyMs = String(20_000 / SPEED);
  const child = spawn(process.execPath, [
    "--conditions=@chat/source",
    "--no-warnings",
    PROGRAM,
    devnet.peers[0] ?? "",
    busyMs,
  ]);
  await once(child.stdout, "data");
  expect(kinds).toEqual(["connected"]);
  child.stdin.end();
  await once(child, "close");
}, 20_000);
