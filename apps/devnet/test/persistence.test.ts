import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { startDevnet } from "../src/index.ts";
import { history, openClients, send } from "./clients.ts";
import { bytesOf, textOf } from "./messages.ts";

const TOPIC = "/test/1/durable/proto";

let folder: string;
const clients = openClients();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "devnet-"));
});
afterEach(async () => {
  await clients.close();
  await rm(folder, { recursive: true });
});

test("peer ids and messages survive a restart of the whole devnet", async () => {
  const dataDir = join(folder, "made", "on", "demand");
  const first = await startDevnet({ nodes: 2, dataDir });
  const alice = await clients.connect(first, ...first.peers);
  expect(await send(alice, TOPIC, bytesOf("kept"))).toBe(true);
  await first.close();

  const port = Number(/\/tcp\/(\d+)\//.exec(first.peers[0] ?? "")?.[1]);
  const second = await startDevnet({ nodes: 1, dataDir, port });
  expect(second.peers).toEqual(first.peers.slice(0, 1));
  const bob = await clients.connect(second, ...second.peers);
  expect((await history(bob, TOPIC)).map(textOf)).toEqual(["kept"]);
  await second.close();
});

test("a node that is new to a devnet takes over the history of the others", async () => {
  const port = 0;
  const first = await startDevnet({ nodes: 1, dataDir: folder, port });
  const alice = await clients.connect(first, ...first.peers);
  expect(await send(alice, TOPIC, bytesOf("old"))).toBe(true);
  await first.close();
  const second = await startDevnet({ nodes: 2, dataDir: folder });
  const bob = await clients.connect(second, second.peers[1] ?? "");
  expect((await history(bob, TOPIC)).map(textOf)).toEqual(["old"]);
  await second.close();
});

test("the key is for its owner only", async () => {
  const devnet = await startDevnet({ dataDir: folder });
  const { mode } = await stat(join(folder, "node-1", "key"));
  expect((mode & 0o777).toString(8)).toBe("600");
  await devnet.close();
});

test("a data directory serves one devnet at a time", async () => {
  const owner = await startDevnet({ dataDir: folder });
  await expect(startDevnet({ dataDir: folder })).rejects.toMatchObject({ code: "DATA_DIR_UNUSABLE" });
  await owner.close();
  const next = await startDevnet({ dataDir: folder });
  await next.close();
});

test("a data directory that is a file is refused by name", async () => {
  const file = join(folder, "file");
  await writeFile(file, "");
  await expect(startDevnet({ dataDir: file })).rejects.toMatchObject({
    code: "DATA_DIR_UNUSABLE",
    message: expect.stringContaining(file),
  });
});

test("a broken key file is refused without its content in the message", async () => {
  const devnet = await startDevnet({ dataDir: folder });
  await devnet.close();
  await writeFile(join(folder, "node-1", "key"), "s3cr3t");
  const failure = await startDevnet({ dataDir: folder }).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "DATA_DIR_UNUSABLE" });
  expect(String(failure)).not.toContain("s3cr3t");
});
