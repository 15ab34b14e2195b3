import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, expect, test } from "@jest/globals";
import { history, openClients, send } from "./clients.ts";
import { bytesOf, textOf } from "./messages.ts";

const MAIN = new URL("../src/main.ts", import.meta.url).pathname;
const clients = openClients();
const running: ChildProcess[] = [];

afterEach(async () => {
  await clients.close();
  for (const child of running.splice(0)) child.kill("SIGKILL");
});

function devnet(...args: string[]) {
  const child = spawn(process.execPath, ["--conditions=@chat/source", "--no-warnings", MAIN, ...args]);
  running.push(child);
  const text = { out: "", error: "" };
  child.stdout.setEncoding("utf8").on("data", (chunk) => {
    text.out += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk) => {
    text.error += chunk;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    nextLine: async () => String((await lines.next()).value),
    /** Exit code and all output. */
    ended: async () => {
      const [code] = await once(child, "close");
      return { code, ...text };
    },
  };
}

test("prints its peers as JSON, serves a client, and ends by itself after SIGTERM", async () => {
  const { child, nextLine, ended } = devnet("--port", "0", "--json");
  const { peers, network } = JSON.parse(await nextLine());
  expect(network).toEqual({ clusterId: 42, shards: 8 });
  const alice = await clients.connect({ network }, ...peers);
  expect(await send(alice, "/test/1/command/proto", bytesOf("hello"))).toBe(true);
  expect((await history(alice, "/test/1/command/proto")).map(textOf)).toEqual(["hello"]);
  const end = ended();
  child.kill("SIGTERM");
  expect(await end).toMatchObject({ code: 0, error: "" });
}, 15_000);

test("what was acknowledged survives a process that is killed in the next moment", async () => {
  const folder = mkdtempSync(join(tmpdir(), "devnet-killed-"));
  const first = devnet("--port", "0", "--json", "--data-dir", folder);
  const { peers, network } = JSON.parse(await first.nextLine());
  const alice = await clients.connect({ network }, ...peers);
  for (let index = 0; index < 20; index += 1) {
    expect(await send(alice, "/test/1/killed/proto", bytesOf(`${index}`))).toBe(true);
  }
  const killed = first.ended();
  first.child.kill("SIGKILL");
  await killed;
  const second = devnet("--port", "0", "--json", "--data-dir", folder);
  const again = JSON.parse(await second.nextLine());
  const bob = await clients.connect({ network }, ...again.peers);
  const texts = (await history(bob, "/test/1/killed/proto")).map(textOf);
  expect(texts.toSorted()).toEqual(Array.from({ length: 20 }, (_, index) => `${index}`).toSorted());
  rmSync(folder, { recursive: true });
}, 20_000);

test("says where to watch it, and logs events as JSON", async () => {
  const { child, nextLine, ended } = devnet("--port", "0", "--json", "--web-port", "0", "--metrics-port", "0", "--log");
  const { peers, network, web, metrics } = JSON.parse(await nextLine());
  expect(await (await fetch(web)).text()).toContain("<title>devnet</title>");
  expect(await (await fetch(metrics)).text()).toContain('devnet_up{node="node-1"} 1');
  const alice = await clients.connect({ network }, ...peers);
  expect(await send(alice, "/test/1/logged/proto", bytesOf("s3cr3t"))).toBe(true);
  const end = ended();
  child.kill("SIGTERM");
  const { code, error } = await end;
  expect(code).toBe(0);
  const events = error
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(events).toContainEqual(expect.objectContaining({ kind: "pushed", contentTopic: "/test/1/logged/proto" }));
  expect(error).not.toContain("s3cr3t");
}, 20_000);

test("draws the live view when it is asked to", async () => {
  const { child, ended, nextLine } = devnet("--port", "0", "--watch");
  expect(await nextLine()).toMatch("devnet  cluster 42  shards 8  links 0");
  const end = ended();
  child.kill("SIGINT");
  const { code, out } = await end;
  expect(code).toBe(0);
  expect(out).toMatch(/node-1 +up/);
}, 20_000);

test("prints readable lines and ends after SIGINT; a taken port is explained", async () => {
  const first = devnet("--port", "0", "--nodes", "2");
  expect(await first.nextLine()).toBe("devnet is up: cluster 42, 8 shards, 2 nodes");
  const port = /\/tcp\/(\d+)\//.exec(await first.nextLine())?.[1] ?? "";
  const second = await devnet("--port", port).ended();
  expect(second).toMatchObject({ code: 1, out: "" });
  expect(second.error).toMatch(`port ${port} on 127.0.0.1 is in use`);
  const end = first.ended();
  first.child.kill("SIGINT");
  expect(await end).toMatchObject({ code: 0, error: "" });
}, 15_000);

test.each([
  [["--port", "none"], "port: want a number, got none"],
  [["--nodes", "99"], "nodes: want an integer from 1 to 16, got 99"],
  [["--loss", "2"], "faults.loss: want a share from 0 to 1, got 2"],
  [["--refuse", "200"], "faults.refuseWith: want a status from 400 to 599, got 200"],
  [["--nodes", "2", "--partition", "1/3"], "partition: want each of the nodes 0 to 1 at most once, got 2"],
  [["--unknown"], "Unknown option '--unknown'"],
])(
  "explains a wrong option: %j",
  async (args, message) => {
    const { code, error } = await devnet(...args).ended();
    expect(code).toBe(1);
    expect(error).toContain(message);
    expect(error).toContain("devnet --help");
  },
  15_000,
);
