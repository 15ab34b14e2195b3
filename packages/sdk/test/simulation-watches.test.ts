/** Each watch is quiet about what is right, and finds what is not. */
import { text } from "@chat/sdk";
import {
  EstimateWatch,
  HealthWatch,
  MemoryWatch,
  QuotaWatch,
  Simulation,
  type SimulationOptions,
  Witness,
} from "@chat/sdk/testing";
import { afterEach, expect, test } from "@jest/globals";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const EPOCH_MS = 600_000;

async function pair(simulation: Simulation, messagesPerEpoch: number) {
  const rateLimit = { messagesPerEpoch, epochSeconds: EPOCH_MS / 1000 };
  const raya = new Witness(await simulation.person("raya", { rateLimit }));
  const saro = new Witness(await simulation.person("saro", { rateLimit }));
  const invite = await simulation.run(() => raya.person.client.createInvite());
  await simulation.run(() => saro.accept(invite, "hello"));
  await simulation.pass(MINUTE_MS);
  const [toRaya] = await simulation.run(() => saro.person.client.conversations());
  if (toRaya === undefined) throw new Error("want a conversation, got none");
  return { raya, saro, toRaya, rateLimit };
}

const LOSSY: SimulationOptions = { seed: 1, loss: 0.4, storeLoss: 0.4, publishLoss: 0.1 };

test("quota: every place is within the limit and used once; with a smaller limit, the same places are findings", async () => {
  await using simulation = new Simulation(LOSSY);
  const [right, wrong] = [new QuotaWatch(simulation, 20), new QuotaWatch(simulation, 3)];
  const { saro, toRaya } = await pair(simulation, 20);
  for (let number = 0; number < 30; number += 1) {
    await simulation.run(() => saro.send(toRaya, `${number}`));
    await simulation.pass(MINUTE_MS);
  }
  expect(right.findings).toEqual([]);
  expect(wrong.findings.length).toBeGreaterThan(5);
  expect(wrong.findings[0]).toMatch(/^(raya|saro), epoch \d+, index \d+: not a place of 3$/);
});

test("quota: a place that two messages have is a finding, one message that comes twice is none", async () => {
  await using simulation = new Simulation({ seed: 2 });
  const watch = new QuotaWatch(simulation, 20);
  const message = (byte: number) => {
    return { topic: "/a/1/b/proto", timestampMs: 1, payload: Uint8Array.of(byte), slot: { epoch: 1, index: 2 } };
  };
  for (const byte of [1, 1, 2]) simulation.network.accept(0, "raya", message(byte));
  expect(watch.findings).toEqual(["raya, epoch 1, index 2: used for two messages"]);
});

test("health: compared whenever anything changes, through losses and a crash, and complete in the end", async () => {
  await using simulation = new Simulation(LOSSY);
  const { raya, saro, toRaya } = await pair(simulation, 1_000);
  const watch = new HealthWatch(simulation, raya, saro);
  for (let number = 0; number < 30; number += 1) {
    await simulation.run(() => saro.send(toRaya, `${number}`));
    await simulation.pass(20 * SECOND_MS);
  }
  simulation.plan({ kind: "crash", atMs: 0, person: "raya", steps: 20, downMs: MINUTE_MS });
  await simulation.run(() => saro.send(toRaya, "after that"));
  await simulation.pass(5 * MINUTE_MS);
  simulation.calmDown();
  await simulation.pass(3 * HOUR_MS);
  await simulation.run(() => watch.expectComplete());
  expect(watch.findings).toEqual([]);
  expect(watch.looks).toBeGreaterThan(100);
});

test("health: who is told that all is confirmed, while the other side has nothing, is a finding", async () => {
  await using simulation = new Simulation({ seed: 3 });
  const { saro, toRaya } = await pair(simulation, 1_000);
  // In the place of the one who has the messages.
  const mara = new Witness(await simulation.person("mara"));
  const watch = new HealthWatch(simulation, saro, mara);
  const back = await simulation.run(() => mara.person.client.createInvite());
  const other = await simulation.person("other");
  await simulation.run(() => other.client.accept(back, text("so that mara has a conversation")));
  await simulation.run(() => saro.send(toRaya, "it arrives at somebody else"));
  await simulation.pass(MINUTE_MS);
  expect(watch.findings.length).toBeGreaterThan(0);
  expect(watch.findings[0]).toMatch(/^saro: health at .*: \d unconfirmed, though \d are not there$/);
});

test("health: what is not complete when it should be is a finding", async () => {
  await using simulation = new Simulation({ seed: 4 });
  const { raya, saro, toRaya } = await pair(simulation, 1_000);
  const watch = new HealthWatch(simulation, raya, saro);
  raya.person.setOffline(true);
  await simulation.run(() => saro.send(toRaya, "later"));
  await simulation.pass(MINUTE_MS);
  await simulation.run(() => watch.expectComplete());
  expect(watch.findings).toEqual([
    expect.stringMatching(/^saro: health at .*"unconfirmed":1.*everything has arrived$/),
  ]);
});

test("estimates: what waits for quota leaves when it was said, unless its process ends meanwhile", async () => {
  await using simulation = new Simulation({ seed: 5 });
  const { saro, toRaya } = await pair(simulation, 10);
  const watch = new EstimateWatch(simulation, saro);
  for (let number = 0; number < 25; number += 1) await simulation.run(() => saro.send(toRaya, `${number}`));
  await simulation.pass(HOUR_MS);
  const { lateMs, interruptedLateMs } = watch.report;
  expect(lateMs.length).toBeGreaterThan(10);
  // What is under way when it is asked may count as still to come.
  expect(lateMs.filter((late) => late > SECOND_MS || late < -EPOCH_MS)).toEqual([]);
  expect(interruptedLateMs).toEqual([]);
  for (let number = 25; number < 45; number += 1) await simulation.run(() => saro.send(toRaya, `${number}`));
  simulation.plan({ kind: "crash", atMs: MINUTE_MS, person: "saro", steps: 1, downMs: 3 * EPOCH_MS });
  await simulation.pass(6 * HOUR_MS);
  expect(watch.report.lateMs).toEqual(lateMs);
  expect(watch.report.interruptedLateMs.some((late) => late > EPOCH_MS)).toBe(true);
});

const { gc } = globalThis;
afterEach(() => void Reflect.set(globalThis, "gc", gc));

test("memory: wants a collector; what grows is a finding, what stays is none", async () => {
  await using simulation = new Simulation({ seed: 6 });
  Reflect.set(globalThis, "gc", undefined);
  expect(() => new MemoryWatch(simulation)).toThrow("memory: want node --expose-gc, got no collector");
  let collected = 0;
  Reflect.set(globalThis, "gc", () => {
    collected += 1;
  });
  const watch = new MemoryWatch(simulation);
  expect(watch.sample()).toBeGreaterThan(1_000_000);
  expect(collected).toBeGreaterThan(0);
  const mib = 2 ** 20;
  watch.samples.splice(0, 1, 20 * mib, 21 * mib, 20 * mib, 21 * mib, 20 * mib, 22 * mib, 21 * mib, 22 * mib);
  expect(watch.findings()).toEqual([]);
  watch.samples.push(30 * mib, 31 * mib);
  expect(watch.findings()).toEqual(["memory: grown by 10.0 MiB, want at most 2.0 MiB"]);
});
