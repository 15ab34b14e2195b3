import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { EpochLedger } from "../src/epoch-ledger.ts";
import type { LedgerRecord } from "../src/index.ts";

test("whichever way epochs come and go, with restarts between, no slot is handed out twice and none beyond the limit", () => {
  const limit = 5;
  const steps = fc.array(
    fc.record({
      epoch: fc.oneof(fc.nat(30), fc.nat(1_000_000)),
      wanted: fc.integer({ min: 0, max: 3 }),
      elsewhere: fc.nat(limit),
      restart: fc.boolean(),
    }),
    { maxLength: 200 },
  );
  const unique = fc.property(steps, (taken) => {
    let ledger = new EpochLedger();
    const slots = new Set<string>();
    for (const { epoch, wanted, elsewhere, restart } of taken) {
      if (restart) ledger = new EpochLedger(JSON.parse(JSON.stringify(ledger.toRecord())) as LedgerRecord);
      const room = limit - Math.max(ledger.usage(epoch).used, elsewhere);
      for (const { index } of ledger.take(epoch, Math.max(0, Math.min(wanted, room)), "normal", elsewhere)) {
        const slot = `${epoch}.${index}`;
        expect(index).toBeLessThan(limit);
        expect(index).toBeGreaterThanOrEqual(elsewhere);
        expect(slots).not.toContain(slot);
        slots.add(slot);
      }
    }
    expect(ledger.toRecord().epochs.length).toBeLessThanOrEqual(16);
  });
  fc.assert(unique, { numRuns: 300 });
});

test("taking nothing of an epoch that has no quota any more leaves no trace", () => {
  const ledger = new EpochLedger({ floor: 9, epochs: [] });
  expect(ledger.usage(8).used).toBe(Number.POSITIVE_INFINITY);
  expect(ledger.take(8, 0, "critical")).toEqual([]);
  expect(ledger.toRecord()).toEqual({ floor: 9, epochs: [] });
});

test("each of the last 16 epochs keeps its count over a restart, as long as a validator may know its nullifiers; those before have none left", () => {
  let ledger = new EpochLedger();
  for (let epoch = 0; epoch < 20; epoch += 1) ledger.take(epoch, 1 + (epoch % 3), "normal");
  ledger = new EpochLedger(JSON.parse(JSON.stringify(ledger.toRecord())) as LedgerRecord);
  for (let epoch = 0; epoch < 20; epoch += 1) {
    expect(ledger.usage(epoch).used).toBe(epoch < 4 ? Number.POSITIVE_INFINITY : 1 + (epoch % 3));
  }
  expect(ledger.take(4, 1, "normal")).toEqual([{ epoch: 4, index: 2 }]);
  expect(ledger.usage(20).used).toBe(0);
});
