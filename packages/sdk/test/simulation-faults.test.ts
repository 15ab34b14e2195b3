/** Faults that are planned by a seed happen, end, and are told in the trace; applications live through them. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isText, text } from "@chat/sdk";
import { type Fault, findingsOf, randomFaults, SeededRandom, Simulation, Witness } from "@chat/sdk/testing";
import { openStore } from "@chat/store-sqlite";
import { expect, test } from "@jest/globals";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const NAMES = ["raya", "saro"] as const;

/** An hour in which both write every two minutes, with these faults, and hours after it. */
async function hour(seed: number, faults: (random: SeededRandom) => readonly Fault[]) {
  const lines: string[] = [];
  await using simulation = new Simulation({ seed, nodes: 2, loss: 0.2, trace: (line) => lines.push(line) });
  const raya = new Witness(await simulation.person("raya", { writeMs: 3 }));
  const saro = new Witness(await simulation.person("saro"));
  const invite = await simulation.run(() => raya.person.client.createInvite());
  await simulation.run(() => saro.accept(invite, "hello"));
  for (const fault of faults(simulation.random)) simulation.plan(fault);
  for (let minute = 0; minute < 60; minute += 2) {
    for (const witness of [raya, saro]) {
      if (!witness.person.isRunning) continue;
      void witness.person.client.conversations().then(([chat]) => chat && witness.send(chat, `${minute}`));
    }
    await simulation.pass(2 * MINUTE_MS);
  }
  simulation.calmDown();
  await simulation.pass(6 * HOUR_MS);
  const findings = await simulation.run(() => findingsOf(raya, saro));
  return { lines, findings, digest: simulation.digest, people: [raya.person, saro.person] };
}

test("each fault happens when it should, and ends", async () => {
  const { lines, findings, people } = await hour(1, () => [
    { kind: "crash", atMs: 5 * MINUTE_MS, person: "raya", steps: 1, downMs: 3 * MINUTE_MS },
    { kind: "offline", atMs: 15 * MINUTE_MS, person: "saro", durationMs: 2 * MINUTE_MS },
    { kind: "partition", atMs: 20 * MINUTE_MS, durationMs: MINUTE_MS },
    { kind: "node down", atMs: 30 * MINUTE_MS, node: 1, durationMs: MINUTE_MS, forgets: true },
    { kind: "clock jump", atMs: 40 * MINUTE_MS, person: "saro", byMs: 2_000 },
  ]);
  const told = lines.flatMap((line) => {
    const [at = "", who, ...what] = line.split(" ");
    const minute = Math.floor(Number(at) / 60);
    return minute < 59 && !/hears|publishes|store/.test(line) ? [`${minute} ${who} ${what.join(" ")}`] : [];
  });
  expect(told).toEqual([
    "0 raya starts",
    "0 saro starts",
    expect.stringMatching(/^[5-7] raya ends$/),
    expect.stringMatching(/^[89] raya starts$|^10 raya starts$/),
    "15 saro goes offline",
    "17 saro comes online",
    "20 network parted [[0],[1]]",
    "21 network parted []",
    "30 node 1 down, and forgets",
    "31 node 1 up",
    "40 saro clock jumps by 2000",
  ]);
  expect(people.map(({ crashes, errors }) => ({ crashes, errors }))).toEqual([
    { crashes: 1, errors: [] },
    { crashes: 0, errors: [] },
  ]);
  expect(findings).toEqual([]);
});

test("the same seed gives the same trace, line by line, and another one another", async () => {
  const faults = (random: SeededRandom) => randomFaults(random, { people: NAMES, nodes: 2, durationMs: HOUR_MS });
  const [one, again, other] = [await hour(2, faults), await hour(2, faults), await hour(3, faults)];
  expect(one.lines.length).toBeGreaterThan(300);
  expect(again.lines).toEqual(one.lines);
  expect(again.digest).toBe(one.digest);
  expect(other.digest).not.toBe(one.digest);
  for (const { findings } of [one, other]) expect(findings).toEqual([]);
});

test("random faults are within their bounds, and of all kinds", () => {
  const random = new SeededRandom(4);
  const options = { people: NAMES, nodes: 3, durationMs: HOUR_MS };
  const faults = Array.from({ length: 200 }, () => randomFaults(random, options)).flat();
  expect(new Set(faults.map(({ kind }) => kind)).size).toBe(5);
  for (const fault of faults) {
    expect(fault.atMs).toBeGreaterThanOrEqual(0);
    expect(fault.atMs).toBeLessThan(HOUR_MS);
    if ("person" in fault) expect(NAMES).toContain(fault.person);
    if ("node" in fault) expect(fault.node).toBeLessThan(3);
  }
  const alone = Array.from({ length: 50 }, () => randomFaults(random, { ...options, nodes: 1 })).flat();
  expect(alone.map(({ kind }) => kind)).not.toContain("partition");
});

test("an application runs in each life of its process; what it throws is kept", async () => {
  await using simulation = new Simulation({ seed: 5 });
  let lives = 0;
  const bot = await simulation.person("bot", {
    app: async (client) => {
      lives += 1;
      for await (const { conversation, content } of client.messages()) {
        if (!isText(content)) continue;
        if (content.text === "fail") throw new Error("as told");
        await conversation.send(text(`you said ${content.text}`));
      }
    },
  });
  const user = new Witness(await simulation.person("user"));
  const invite = await simulation.run(() => bot.client.createInvite());
  await simulation.run(() => user.accept(invite, "one"));
  await simulation.pass(MINUTE_MS);
  simulation.plan({ kind: "crash", atMs: 0, person: "bot", steps: 1, downMs: MINUTE_MS });
  const [chat] = await simulation.run(() => user.person.client.conversations());
  if (chat === undefined) throw new Error("want a conversation, got none");
  await simulation.run(() => user.send(chat, "two"));
  await simulation.pass(10 * MINUTE_MS);
  expect(user.shown.map(({ body }) => body)).toEqual(["you said one", "you said two"]);
  expect({ lives, crashes: bot.crashes, errors: bot.errors }).toEqual({ lives: 2, crashes: 1, errors: [] });
  await simulation.run(() => user.send(chat, "fail"));
  await simulation.pass(MINUTE_MS);
  expect(bot.errors).toEqual([new Error("as told")]);
});

test("people may have databases on disk: a process that ends leaves there what the next one goes on with", async () => {
  const folder = await mkdtemp(join(tmpdir(), "simulation-test-"));
  const store = await openStore({ path: join(folder, "raya.db") });
  try {
    await using simulation = new Simulation({ seed: 6, loss: 0.2 });
    const raya = new Witness(await simulation.person("raya", { store }));
    const saro = new Witness(await simulation.person("saro"));
    const invite = await simulation.run(() => raya.person.client.createInvite());
    await simulation.run(() => saro.accept(invite, "hello"));
    for (const steps of [3, 10, 30]) {
      const [chat] = await simulation.run(() => saro.person.client.conversations());
      if (chat === undefined) throw new Error("want a conversation, got none");
      simulation.plan({ kind: "crash", atMs: 0, person: "raya", steps, downMs: SECOND_MS });
      await simulation.run(() => saro.send(chat, `${steps}`));
      await simulation.pass(5 * MINUTE_MS);
    }
    simulation.calmDown();
    await simulation.pass(HOUR_MS);
    expect(raya.person.crashes).toBe(3);
    expect(await simulation.run(() => findingsOf(raya, saro))).toEqual([]);
  } finally {
    await store.close();
    await rm(folder, { recursive: true });
  }
});

test("a fault of somebody who is not there is refused", async () => {
  await using simulation = new Simulation({ seed: 7 });
  simulation.plan({ kind: "offline", atMs: 0, person: "nobody", durationMs: 1 });
  await expect(simulation.pass(1)).rejects.toThrow("person: want one of this simulation, got nobody");
});
