import { type ChatClient, type CheckName, text } from "@chat/sdk";
import { MemoryNetwork, Simulation } from "@chat/sdk/testing";
import { openMemoryStore, type SecretStore, type Store } from "@chat/store";
import { expect, test } from "@jest/globals";
import { next, open } from "./people.ts";

async function check(client: ChatClient, name: CheckName) {
  return (await client.doctor()).checks.find((each) => each.name === name);
}

test("a client that works is healthy, and its report holds no secret", async () => {
  const network = new MemoryNetwork();
  await using raya = await open(network.connect());
  await using saro = await open(network.connect());
  const link = await raya.createInvite();
  const chat = await saro.accept(link, text("a canary sings"));
  await next(raya);
  const report = await raya.doctor();
  expect(report.isHealthy).toBe(true);
  expect(report.checks.map(({ name, state }) => `${name}: ${state}`)).toEqual([
    "database: ok",
    "keys: ok",
    "clock: ok",
    "connection: ok",
    "history: ok",
    "subscription: ok",
    "quota: ok",
    "conversations: ok",
    "messages: ok",
  ]);
  const told = JSON.stringify([report, await saro.doctor()]);
  for (const secret of ["canary", link, raya.accountId, saro.accountId, chat.id]) expect(told).not.toContain(secret);
});

test("without a connection, connection and history have failed, and the rest is still examined", async () => {
  const delivery = new MemoryNetwork().connect();
  await using client = await open(delivery);
  delivery.setHealth("disconnected");
  const { checks, isHealthy } = await client.doctor();
  expect(isHealthy).toBe(false);
  expect(checks.filter(({ state }) => state === "failed").map(({ name }) => name)).toEqual(["connection", "history"]);
  expect(checks.find(({ name }) => name === "connection")?.remedy).toContain("service nodes");
});

test("a disk that fails, and one that holds another account, are told", async () => {
  const base = openMemoryStore();
  let fails = false;
  const secrets: SecretStore = {
    identity: async () => (fails ? undefined : base.secrets.identity()),
    sessions: () => base.secrets.sessions(),
    invites: () => base.secrets.invites(),
    hasHandshake: (inviteId, handshakeId) => base.secrets.hasHandshake(inviteId, handshakeId),
    peers: () => base.secrets.peers(),
  };
  const failing: Store = {
    messages: base.messages,
    secrets,
    write: async (change) => {
      if (fails) throw new Error("/home/raya/secret-diary.db: no space left");
      return base.write(change);
    },
    close: () => base.close(),
    [Symbol.asyncDispose]: () => base.close(),
  };
  await using client = await open(new MemoryNetwork().connect(), { database: failing });
  fails = true;
  expect(await check(client, "database")).toMatchObject({
    state: "failed",
    detail: expect.not.stringContaining("diary"),
  });
  expect(await check(client, "keys")).toMatchObject({ state: "failed", remedy: expect.stringContaining("backup") });
  fails = false;
});

test.each([
  [-3_600_000, "failed", "behind"],
  [3_600_000, "warning", "ahead"],
])("a clock that is %i ms off is told", async (skewMs, state, remedy) => {
  await using simulation = new Simulation({ seed: 1 });
  const raya = await simulation.person("raya", { skewMs });
  const saro = await simulation.person("saro");
  const invite = await simulation.run(() => raya.client.createInvite());
  await simulation.run(() => saro.client.accept(invite, text("what time is it?")));
  await simulation.pass(60_000);
  expect(await simulation.run(() => check(raya.client, "clock"))).toMatchObject({
    state,
    remedy: expect.stringContaining(remedy),
  });
});

test("a subscription that brings less than the history has is told", async () => {
  await using simulation = new Simulation({ seed: 1 });
  const raya = await simulation.person("raya");
  const saro = await simulation.person("saro");
  const invite = await simulation.run(() => raya.client.createInvite());
  simulation.setConditions({ loss: 1 });
  await simulation.pass(2_000);
  await simulation.run(() => saro.client.accept(invite, text("hello")));
  await simulation.pass(10 * 60_000);
  expect(await simulation.run(() => check(raya.client, "subscription"))).toMatchObject({ state: "warning" });
});

test("a quota that is used up, and what was discarded, are told in words", async () => {
  const network = new MemoryNetwork();
  await using raya = await open(network.connect());
  await using saro = await open(network.connect(), { rateLimit: { messagesPerEpoch: 1, lowShare: 0 } });
  const link = await raya.createInvite();
  await (await saro.accept(link)).send(text("first and last"));
  await next(raya);
  expect(await check(saro, "quota")).toMatchObject({ state: "warning", detail: expect.stringMatching(/^0 of 1 left/) });
  const first = network.published[0];
  if (first === undefined) throw new Error("nothing was published");
  const altered = first.payload.map((byte, index) => (index === first.payload.length - 60 ? byte ^ 1 : byte));
  network.inject({ ...first, payload: altered, hash: "altered" });
  expect(await check(raya, "messages")).toMatchObject({
    state: "warning",
    detail: expect.stringContaining("did not open"),
  });
});
