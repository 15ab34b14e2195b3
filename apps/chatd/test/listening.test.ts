/** Where the daemon listens, and who may call: the owner of its files, with the token. */
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { DaemonError } from "@chat/chatd";
import { expect, test } from "@jest/globals";
import { clientsOf, failureOf, PROTOCOLS, start, temporaryFolder } from "./daemons.ts";

const modeOf = (path: string) => statSync(path).mode & 0o777;

test("folder, socket, token and databases are for their owner alone", async () => {
  using folder = temporaryFolder();
  const dataDir = join(folder.path, "data");
  mkdirSync(dataDir, { mode: 0o755 });
  chmodSync(dataDir, 0o755);
  await using daemon = await start(dataDir);
  await clientsOf(daemon).accounts.openAccount({ name: "raya" });
  expect(modeOf(dataDir)).toBe(0o700);
  expect(modeOf(daemon.socket ?? "")).toBe(0o600);
  expect(modeOf(daemon.tokenFile)).toBe(0o600);
  expect(modeOf(join(dataDir, "accounts", "raya"))).toBe(0o700);
  expect(modeOf(join(dataDir, "accounts", "raya", "chat.db"))).toBe(0o600);
  expect(readFileSync(daemon.tokenFile, "utf8")).toMatch(/^[\w-]{43}$/);
});

test.each(PROTOCOLS)("nobody is let in without the token: %s", async (protocol) => {
  using folder = temporaryFolder();
  await using daemon = await start(folder.path);
  const token = readFileSync(daemon.tokenFile, "utf8");
  const otherFirst = `${token.startsWith("x") ? "y" : "x"}${token.slice(1)}`;
  for (const wrong of ["", "x", token.slice(1), `${token}x`, otherFirst]) {
    const { daemon: service, accounts } = clientsOf(daemon, protocol, wrong);
    expect(await failureOf(service.getInfo({}))).toMatchObject({ status: "Unauthenticated" });
    expect(await failureOf(service.shutdown({}))).toMatchObject({ status: "Unauthenticated" });
    expect(await failureOf(accounts.openAccount({ name: "x" }))).toMatchObject({ status: "Unauthenticated" });
  }
  expect(existsSync(join(folder.path, "accounts", "x"))).toBe(false);
  expect(await clientsOf(daemon, protocol).daemon.getInfo({})).toMatchObject({ openAccounts: 0 });
});

test("each start has another token, and what is left of it at the end is nothing", async () => {
  using folder = temporaryFolder();
  const first = await start(folder.path);
  const old = readFileSync(first.tokenFile, "utf8");
  await first.close();
  expect([existsSync(first.tokenFile), existsSync(first.socket ?? "")]).toEqual([false, false]);
  await using second = await start(folder.path);
  expect(await failureOf(clientsOf(second, "gRPC", old).daemon.getInfo({}))).toMatchObject({
    status: "Unauthenticated",
  });
});

test("a socket where somebody listens is left alone, with its token; one that a killed daemon left is taken over", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "s");
  const first = await start(folder.path, { socket: path });
  const token = readFileSync(first.tokenFile, "utf8");
  await expect(start(folder.path, { socket: path })).rejects.toMatchObject({ code: "SOCKET_IN_USE" });
  expect(readFileSync(first.tokenFile, "utf8")).toBe(token);
  expect(await clientsOf(first).daemon.getInfo({})).toMatchObject({ openAccounts: 0 });
  await first.close();

  await leaveStaleSocket(path);
  await using second = await start(folder.path, { socket: path });
  expect(await clientsOf(second).daemon.getInfo({})).toMatchObject({ openAccounts: 0 });
});

test("a file that is no socket is never removed, and a path that is too long is refused", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "s");
  writeFileSync(path, "precious");
  await expect(start(folder.path, { socket: path })).rejects.toMatchObject({ code: "SOCKET_IN_USE" });
  expect(readFileSync(path, "utf8")).toBe("precious");
  const long = join(folder.path, "x".repeat(120));
  await expect(start(folder.path, { socket: long })).rejects.toBeInstanceOf(DaemonError);
});

test("over TCP it listens on the loopback address only, and wants the token as well", async () => {
  using folder = temporaryFolder();
  await using daemon = await start(folder.path, { tcpPort: 0 });
  expect(daemon.socket).toBeUndefined();
  expect(daemon.tcp).toMatch(/^127\.0\.0\.1:\d+$/);
  for (const protocol of PROTOCOLS) {
    expect(await clientsOf(daemon, protocol).daemon.getInfo({})).toMatchObject({ apiRevision: 1 });
    expect(await failureOf(clientsOf(daemon, protocol, "x").daemon.getInfo({}))).toMatchObject({
      status: "Unauthenticated",
    });
  }
  const port = Number(daemon.tcp?.split(":")[1]);
  await expect(start(join(folder.path, "2"), { tcpPort: port })).rejects.toMatchObject({ code: "SOCKET_IN_USE" });
  // A web page of another origin asks first, and is not let in.
  const preflight = { method: "OPTIONS", headers: { origin: "https://example.org" } };
  const answer = await new Promise<{ status?: number; allowed: unknown }>((resolve, reject) => {
    const asked = request(`http://${daemon.tcp}/chat.daemon.v1.DaemonService/GetInfo`, preflight, (response) => {
      resolve({ status: response.statusCode ?? 0, allowed: response.headers["access-control-allow-origin"] });
      response.resume();
    });
    asked.once("error", reject).end();
  });
  expect(answer).toEqual({ status: 401, allowed: undefined });
});

test("noise, half a preface and silence do no harm to others", async () => {
  using folder = temporaryFolder();
  await using daemon = await start(folder.path);
  const path = daemon.socket ?? "";
  const noise = [
    "PRI * HT",
    "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
    "\0\0\0\0",
    "GET / HTTP/1.1\r\n\r\n",
    "",
    "P".repeat(100_000),
  ];
  const sockets = noise.map((bytes) =>
    connect(path)
      .on("error", () => {})
      .once("connect", function (this: { write(bytes: string): void }) {
        this.write(bytes);
      }),
  );
  for (const protocol of PROTOCOLS) {
    expect(await clientsOf(daemon, protocol).daemon.getInfo({})).toMatchObject({ openAccounts: 0 });
  }
  for (const socket of sockets) socket.destroy();
});

test("what was begun is answered, also when the daemon shuts down meanwhile", async () => {
  using folder = temporaryFolder();
  const daemon = await start(folder.path);
  const { accounts, daemon: service } = clientsOf(daemon, "gRPC");
  const opening = accounts.openAccount({ name: "raya" });
  await opening;
  expect(await service.shutdown({})).toBeDefined();
  await daemon.closed;
  await using again = await start(folder.path);
  const reopened = await clientsOf(again).accounts.openAccount({ name: "raya" });
  expect(reopened.account?.id).toBe((await opening).account?.id);
});

/** As a process that was killed leaves it: the file is there, and nobody listens. */
async function leaveStaleSocket(path: string): Promise<void> {
  const { linkSync, renameSync } = await import("node:fs");
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  linkSync(path, `${path}.kept`);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  renameSync(`${path}.kept`, path);
}
