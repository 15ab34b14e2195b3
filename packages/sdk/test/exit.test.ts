/** After close, and after a create that failed, nothing of the network keeps the process alive. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { startDevnet } from "@chat/devnet";
import { expect, test } from "@jest/globals";

const SCRIPT = join(import.meta.dirname, "exit-person.ts");

type Scenario = "chats" | "fails" | "waits";

/** @returns milliseconds from the end of `close` to that of the process, and what it said on standard error */
async function exitOf(scenario: Scenario, peers: readonly string[], network: object = {}) {
  const argument = JSON.stringify({ scenario, peers, network });
  const child = spawn(process.execPath, ["--conditions=@chat/source", SCRIPT, argument], { timeout: 30_000 });
  let closedAtMs = Number.NaN;
  let said = "";
  child.stdout.on("data", () => {
    closedAtMs = performance.now();
  });
  child.stderr.on("data", (bytes) => {
    said += bytes;
  });
  const [code] = await once(child, "exit");
  return { code, tookMs: performance.now() - closedAtMs, said };
}

/** Takes connections, and never says anything. */
async function silentServer() {
  const server = createServer(() => {}).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("want a port");
  return { address: `/ip4/127.0.0.1/tcp/${address.port}/ws`, [Symbol.dispose]: () => server.close() };
}

const NOBODY = "/ip4/127.0.0.1/tcp/9/ws";

test("several clients with connections, and with one of two nodes down: the process ends, and warns of nothing", async () => {
  await using devnet = await startDevnet();
  const { code, tookMs, said } = await exitOf("chats", [...devnet.peers, NOBODY], devnet.network);
  expect({ code, said }).toEqual({ code: 0, said: "" });
  expect(tookMs).toBeLessThan(1_000);
});

test.each<[Scenario, string]>([
  ["fails", "when create failed"],
  ["waits", "in the middle of a redial"],
])("%s: with nodes that refuse and nodes that are silent, %s", async (scenario) => {
  using silent = await silentServer();
  const { code, tookMs } = await exitOf(scenario, [silent.address, NOBODY]);
  expect(code).toBe(0);
  expect(tookMs).toBeLessThan(1_000);
});
