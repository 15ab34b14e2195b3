import { createHash } from "node:crypto";
import { expect, test } from "@jest/globals";
import { privacyArea } from "../src/areas/privacy.ts";
import { type GroupTrace, simulateGroup } from "../src/privacy/group.ts";
import { PURPOSES } from "../src/privacy/group-notes.ts";
import { planGroup } from "../src/privacy/group-plan.ts";
import { groupsOf } from "../src/privacy/population.ts";
import { at } from "../src/privacy/trace.ts";
import { runCase } from "../src/runner.ts";

const ORDER = {
  model: "steady",
  seed: 3,
  people: 4,
  acknowledgementDelayMs: 2_000,
  warmUpMs: 90_000,
  recordedMs: 90_000,
} as const;

test("what is noted of a group is what its clients did", async () => {
  const trace = await simulateGroup(ORDER);
  const count = trace.atMs.length;
  const planned = planGroup(ORDER).texts.filter(({ atMs }) => atMs >= ORDER.warmUpMs).length;
  expect(trace.written).toBe(planned);
  expect(trace.delivered.count).toBe(trace.written);
  const purposes = Array.from(trace.purpose, (purpose) => PURPOSES[purpose]);
  expect(new Set(purposes)).toEqual(new Set(["content", "frame", "acknowledgement"]));
  let confirmed = 0;
  for (let row = 0; row < count; row += 1) {
    expect(at(trace.unpadded, row)).toBeLessThanOrEqual(at(trace.size, row));
    const answer = at(trace.confirmedBy, row);
    if (purposes[row] === "acknowledgement") expect(answer).toBe(-1);
    if (answer < 0) continue;
    confirmed += 1;
    expect(trace.sender[answer]).toBe(trace.recipient[row]);
    expect(trace.recipient[answer]).toBe(trace.sender[row]);
    const lagMs = at(trace.atMs, answer) - at(trace.atMs, row);
    expect(lagMs).toBeGreaterThan(0);
    expect(lagMs).toBeLessThan(5_000);
  }
  const texts = purposes.filter((purpose) => purpose === "content").length;
  expect(confirmed).toBeGreaterThan(texts - 5);
});

test("equal seeds give equal traces", async () => {
  const order = { ...ORDER, recordedMs: 30_000 };
  const [one, same, other] = [
    await simulateGroup(order),
    await simulateGroup(order),
    await simulateGroup({ ...order, seed: 4 }),
  ];
  expect(digestOf(one)).toBe(digestOf(same));
  expect(digestOf(one)).not.toBe(digestOf(other));
});

test("a population is of groups of four to six with seeds of their own", () => {
  const groups = groupsOf({ ...ORDER, people: 23 });
  expect(groups.map(({ people }) => people)).toEqual([4, 5, 6, 4, 4]);
  expect(groups.map(({ seed }) => seed)).toEqual([3, 4, 5, 6, 7]);
});

test("few clients without a delay are found out", async () => {
  const scale = {
    people: 20,
    steadyMs: 60_000,
    shortSteadyMs: 60_000,
    sessionsMs: 3_600_000,
    samples: 200,
    searched: 50,
  };
  const { cases } = privacyArea(scale);
  const measured = async (name: string) => {
    const found = cases.find((each) => each.name === name);
    if (found === undefined) throw new Error(`want a case ${name}`);
    return runCase(found);
  };
  const hits = await measured("steady-c-delay-0s-hits");
  expect(hits.ours.median).toBeGreaterThan(90);
  const unpadded = await measured("unpadded-b-content-ack");
  expect(unpadded.ours.median).toBeGreaterThan(0.95);
  expect(unpadded.case.remark?.()).toMatch(/^± 0\.\d{3} by .+, \d+ of \d+$/);
  expect((await measured("padding-bytes")).ratio).toBeLessThan(0.7);
  expect((await measured("delay-2s-delivered")).ours.median).toBeGreaterThan(1);
  expect((await measured("bits-5-anonymity")).ours.median).toBe(20 / 32);
}, 60_000);

function digestOf({ atMs, head, sender, confirmedBy }: GroupTrace): string {
  const hash = createHash("sha256");
  for (const { buffer } of [atMs, head, sender, confirmedBy]) hash.update(new Uint8Array(buffer));
  return hash.digest("hex");
}
