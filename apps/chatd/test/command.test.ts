/** The command: what it prints, how it ends, and what a kill costs, which is nothing. */
import { once } from "node:events";
import { existsSync } from "node:fs";
import { startDevnet } from "@chat/devnet";
import { expect, test } from "@jest/globals";
import { Status } from "../src/gen/chat/daemon/v1/message_pb.ts";
import { clientsOf, failureOf, introduce, temporaryFolder, textOf } from "./daemons.ts";
import { command, outcomeOf, startProcess } from "./processes.ts";

test("it says where it listens, answers, and ends when it is told to", async () => {
  using folder = temporaryFolder();
  const { child, place } = await startProcess(["--data-dir", folder.path]);
  expect(place).toMatchObject({ version: expect.stringMatching(/^\d+\.\d+\.\d+/), apiRevision: 1, pid: child.pid });
  expect(await clientsOf(place).daemon.getInfo({})).toMatchObject({ processId: child.pid });
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
  expect([existsSync(place.socket), existsSync(place.tokenFile)]).toEqual([false, false]);
});

test("with --exit-with-parent it ends when its standard input does, and not without", async () => {
  using folder = temporaryFolder();
  const { child } = await startProcess(["--data-dir", folder.path, "--exit-with-parent"]);
  child.stdin?.end();
  expect(await once(child, "exit")).toEqual([0, null]);

  const other = await startProcess(["--data-dir", folder.path]);
  other.child.stdin?.end();
  const clients = clientsOf(other.place);
  expect(await clients.daemon.getInfo({})).toMatchObject({ openAccounts: 0 });
  await clients.daemon.shutdown({});
  expect(await once(other.child, "exit")).toEqual([0, null]);
});

test.each([
  [["--help"], 0, /Usage: chatd/, /^$/],
  [["--version"], 0, /^\d+\.\d+\.\d+/, /^$/],
  [["--nothing"], 1, /^$/, /chatd: .*--nothing[\s\S]*Try: chatd --help/],
  [["--tcp", "70000"], 1, /^$/, /tcp: want a port/],
  [["--network", "mars"], 1, /^$/, /network: want devnet or twn/],
  [["--log", "loud"], 1, /^$/, /log: want debug/],
] as const)("chatd %j ends with %i", async (args, code, output, problem) => {
  using folder = temporaryFolder();
  const outcome = await outcomeOf(command(["--data-dir", folder.path, ...args]));
  expect(outcome).toEqual({ code, output: expect.stringMatching(output), problem: expect.stringMatching(problem) });
});

test("a second one on the same socket ends with 3 and leaves the first one alone", async () => {
  using folder = temporaryFolder();
  const { child, place } = await startProcess(["--data-dir", folder.path]);
  for (const flags of [[], ["--exit-with-parent"]]) {
    const outcome = await outcomeOf(command(["--data-dir", folder.path, ...flags]));
    expect(outcome).toMatchObject({ code: 3, output: "" });
  }
  expect(await clientsOf(place).daemon.getInfo({})).toMatchObject({ processId: child.pid });
  child.kill("SIGTERM");
  await once(child, "exit");
});

test("killed at any moment, it loses nothing and repeats nothing for callers that repeat their calls with keys", async () => {
  using folder = temporaryFolder();
  await using devnet = await startDevnet({ port: 0, dataDir: null });
  const args = ["--data-dir", folder.path, ...devnet.peers.flatMap((peer) => ["--peer", peer])];
  let { child, place } = await startProcess(args);
  let clients = clientsOf(place, "gRPC");
  const { conversationId } = await introduce(clients);
  const reopen = async () => {
    ({ child, place } = await startProcess(args));
    clients = clientsOf(place, "gRPC");
    for (const name of ["raya", "saro"]) await clients.accounts.openAccount({ name, acknowledgementDelayMs: 0 });
  };
  const texts: string[] = [];
  let cursor = "";
  /** Takes what there is; ends when the connection does. */
  const take = async (isEnough: () => boolean) => {
    const leaving = new AbortController();
    try {
      for await (const response of clients.messages.subscribe(
        { account: "raya", cursor },
        { signal: leaving.signal },
      )) {
        texts.push(...[textOf(response) ?? []].flat());
        cursor = response.cursor;
        if (isEnough()) break;
      }
    } catch {}
    leaving.abort();
  };
  let lastId = "";
  for (let number = 1; number <= 30; number += 1) {
    const reading = number % 5 === 0 ? take(() => false) : Promise.resolve();
    const content = { kind: { case: "text", value: `${number}` } } as const;
    const call = () => clients.messages.send({ account: "saro", conversationId, content, key: `key ${number}` });
    const sending = call().catch(() => undefined);
    if (number % 5 === 0) {
      if (number % 10 === 0) await sending; // between two calls, or in the middle of one
      child.kill("SIGKILL");
      await Promise.all([once(child, "exit"), reading, sending]);
      await reopen();
    }
    await sending;
    lastId = (await call()).messageId;
  }
  await clients.messages.waitFor({ account: "saro", messageId: lastId, status: Status.DELIVERED });
  await take(() => texts.length === 31);
  expect(texts).toEqual(["hello", ...Array.from({ length: 30 }, (_, index) => `${index + 1}`)]);
  expect(await failureOf(clients.messages.send({ account: "gone", conversationId }))).toMatchObject({
    code: "ACCOUNT_NOT_OPEN",
  });
  child.kill("SIGTERM");
  await once(child, "exit");
}, 90_000);
