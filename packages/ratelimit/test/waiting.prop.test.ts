import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { settled } from "../src/testing.ts";
import { EPOCH_MS, named, open } from "./opened.ts";

type Opened = Awaited<ReturnType<typeof open>>;

const limits = fc.record({
  messagesPerEpoch: fc.integer({ min: 2, max: 20 }),
  lowShare: fc.constantFrom(0, 0.3, 0.5),
  concurrency: fc.constantFrom(1, 8),
});
/** Of an epoch: when, as shares of it. More than are wanted. */
const moments = fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 20, maxLength: 20 });
const parts = fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true }));
const loads = fc.array(fc.record({ share: parts, moments }), {
  minLength: 60,
  maxLength: 60,
});

function share({ messagesPerEpoch, lowShare }: { messagesPerEpoch: number; lowShare: number }): number {
  return messagesPerEpoch - Math.floor(messagesPerEpoch * lowShare);
}

/** An epoch's messages, one after the other, take many turns. */
async function drained(): Promise<void> {
  for (let time = 0; time < 10; time += 1) await settled();
}

/** From now to the end of an epoch: so many critical messages, at those moments of it. */
async function loadEpoch({ submitMany, clock }: Opened, count: number, when: readonly number[]): Promise<void> {
  const beginMs = clock.nowMs();
  const leftMs = EPOCH_MS - (beginMs % EPOCH_MS);
  for (const moment of when.slice(0, count).sort((a, b) => a - b)) {
    await clock.advance(Math.max(0, beginMs + Math.floor(moment * leftMs) - clock.nowMs()));
    await submitMany(`c${clock.nowMs()}-${moment}-`, 1, "critical");
  }
  await clock.advance(beginMs + leftMs - clock.nowMs());
  await drained();
}

/** How many critical messages passed in an epoch. */
function criticalIn({ network }: Opened, epoch: number): number {
  return network.taken.filter(({ id, slot }) => slot.epoch === epoch && !/^[nx]/.test(id)).length;
}

describe("how long a normal message waits", () => {
  test("while fewer critical messages than S are submitted in an epoch, the p-th leaves within ceil(p / (S - c)) epochs", async () => {
    const seen = { waited: 0, atTheBound: 0 };
    const bound = fc.asyncProperty(limits, loads, fc.nat(40), fc.nat(99), async (limit, epochs, before, of) => {
      const opened = await open(limit);
      const { manager, clock, submitMany, submit } = opened;
      const most = of % share(limit); // c
      const [first, ...rest] = epochs;
      // An epoch like any other, in which normal messages pile up, and then the one that is looked at.
      await submitMany("c", Math.round((first?.share ?? 0) * most), "critical");
      await submitMany("n", before);
      await drained();
      const { status } = await submit("x");
      const epoch = manager.quota.epoch;
      if (status?.kind !== "queued") return;
      const within = Math.ceil((status.position + 1) / (share(limit) - most));
      await clock.advance(EPOCH_MS - (clock.nowMs() % EPOCH_MS));
      await drained();
      for (let count = 0; count < within && manager.status("x")?.kind === "queued"; count += 1) {
        const load = rest[count % rest.length];
        await loadEpoch(opened, Math.round((load?.share ?? 1) * most), load?.moments ?? []);
      }
      const end = manager.status("x");
      expect(end).toMatchObject({ kind: "passed" });
      if (end?.kind !== "passed") return;
      expect(end.slot.epoch - epoch).toBeLessThanOrEqual(within);
      if (end.slot.epoch > epoch) seen.waited += 1;
      if (end.slot.epoch - epoch === within) seen.atTheBound += 1;
      await manager.close();
    });
    await fc.assert(bound, { numRuns: 150 });
    expect(seen.waited).toBeGreaterThan(20);
    expect(seen.atTheBound).toBeGreaterThan(0);
  });

  test("its estimate is when it leaves at the latest, as long as no more critical messages come than of late", async () => {
    let looked = 0;
    const estimate = fc.asyncProperty(limits, loads, fc.nat(40), fc.nat(99), async (limit, epochs, before, of) => {
      const opened = await open(limit);
      const { manager, submitMany, submit } = opened;
      const most = of % share(limit);
      for (const { moments: when } of epochs.slice(0, 2)) await loadEpoch(opened, most, when);
      await submitMany("n", before);
      await drained();
      const { status } = await submit("x");
      if (status?.kind !== "queued" || status.estimatedAtMs === undefined) return;
      const { epoch, usedBy } = manager.quota;
      const expected = Math.max(usedBy.critical, criticalIn(opened, epoch - 1));
      const latest = Math.floor(status.estimatedAtMs / EPOCH_MS);
      for (const [count, { share: part, moments: when }] of epochs.slice(2).entries()) {
        if (manager.status("x")?.kind === "passed") break;
        const room = count === 0 ? expected - usedBy.critical : expected;
        await loadEpoch(opened, Math.round(part * room), when);
      }
      const end = manager.status("x");
      expect(end).toMatchObject({ kind: "passed" });
      if (end?.kind === "passed") expect(end.slot.epoch).toBeLessThanOrEqual(latest);
      looked += 1;
      await manager.close();
    });
    await fc.assert(estimate, { numRuns: 150 });
    expect(looked).toBeGreaterThan(20);
  });

  test.each([
    // Critical messages of the epoch before and of this one, and when the fifth normal message that waits should go.
    [0, 0, 1],
    [4, 0, 3], // 4 may still come, so 9 places of 3 in each epoch
    [4, 4, 2],
    [6, 6, 5],
    [7, 2, undefined],
    [2, 7, undefined],
  ])("after %i critical messages and %i in this epoch it is estimated at the turn %s", async (before, now, turn) => {
    const { manager, submitMany, clock } = await open();
    await submitMany("c", before, "critical");
    await clock.advance(EPOCH_MS);
    await submitMany("d", now, "critical");
    await submitMany("o", 7 - now);
    await submitMany("n", 5);
    const estimatedAtMs = turn && (1 + turn) * EPOCH_MS;
    expect(manager.status("n4")).toEqual({
      kind: "queued",
      position: 4,
      ...(estimatedAtMs !== undefined && { estimatedAtMs }),
    });
  });

  test("while critical messages take all that the low mark leaves, it waits and has no estimate, and then it has again", async () => {
    const { manager, network, submitMany, submit, clock } = await open();
    await submitMany("a", 8, "critical");
    await submit("n");
    for (const prefix of ["b", "c", "d"]) {
      expect(manager.status("n")).toEqual({ kind: "queued", position: 0 });
      await submitMany(prefix, 10, "critical"); // some of them wait for the turn, and go before it
      await clock.advance(EPOCH_MS);
    }
    expect(network.ids).not.toContain("n");
    await submitMany("e", 1, "critical");
    expect(manager.status("n")).toEqual({ kind: "queued", position: 0 });
    await clock.advance(EPOCH_MS); // in which one critical message is left over
    expect(manager.status("n")).toMatchObject({ kind: "passed" });
    await submitMany("m", 20);
    const last = manager.status("m19");
    expect(last).toMatchObject({ kind: "queued" });
    await clock.advance(EPOCH_MS);
    expect(manager.status("m19")).toHaveProperty("estimatedAtMs");
  });
});

test("a walk through a queue of 100,000 for each position would take minutes", async () => {
  const { manager } = await open({ messagesPerEpoch: 1, lowShare: 0 });
  manager.hold();
  const positions: number[] = [];
  manager.onStatus((_, status) => {
    if (status.kind === "queued") positions.push(status.position);
  });
  await manager.adopt(named("n", 100_000).map((id) => ({ id, length: 1 })));
  expect(positions).toHaveLength(100_000);
  expect(positions.at(-1)).toBe(99_999);
});
