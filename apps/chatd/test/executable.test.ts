/** The self-contained executable: built by its command, moved elsewhere, and run where there is nothing else. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { startDevnet } from "@chat/devnet";
import { beforeAll, expect, test } from "@jest/globals";
import { Status } from "../src/gen/chat/daemon/v1/message_pb.ts";
import { clientsOf, introduce, temporaryFolder } from "./daemons.ts";
import { outcomeOf, startProcess } from "./processes.ts";

const home = join(import.meta.dirname, "..");
const built = join(home, "build", "chatd");

beforeAll(async () => {
  await promisify(execFile)(process.execPath, ["executable/build.mjs"], { cwd: home });
}, 180_000);

test("alone in a folder, with an empty PATH, it keeps accounts that chat", async () => {
  using folder = temporaryFolder();
  await using devnet = await startDevnet({ port: 0, dataDir: null });
  const executable = join(folder.path, "chatd");
  copyFileSync(built, executable);
  const env = { PATH: "", TMPDIR: folder.path };
  const run = (args: readonly string[]) => spawn(executable, args, { cwd: folder.path, env });

  const { version } = JSON.parse(readFileSync(join(home, "package.json"), "utf8"));
  expect(await outcomeOf(run(["--version"]))).toEqual({ code: 0, output: `${version}\n`, problem: "" });

  const peers = devnet.peers.flatMap((peer) => ["--peer", peer]);
  const { child, place } = await startProcess(["--data-dir", join(folder.path, "data"), ...peers], run);
  const clients = clientsOf(place, "gRPC");
  const { conversationId } = await introduce(clients);
  const content = { kind: { case: "text", value: "nothing else is needed" } } as const;
  const { messageId } = await clients.messages.send({ account: "saro", conversationId, content });
  await clients.messages.waitFor({ account: "saro", messageId, status: Status.DELIVERED });
  expect(readdirSync(folder.path).sort()).toEqual(["chatd", "data"]); // and no addon left behind
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
}, 60_000);

test("it comes with the licences of all that is in it", () => {
  const licences = readFileSync(`${built}.licences.txt`, "utf8");
  for (const name of ["@connectrpc/connect", "@waku/sdk", "better-sqlite3", "node-"]) expect(licences).toContain(name);
  expect(licences).toContain("Node.js is licensed for use as follows");
  expect(statSync(built).mode & 0o777).toBe(0o755);
});
