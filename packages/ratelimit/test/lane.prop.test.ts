import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { Lane } from "../src/lane.ts";
import { type Unit, unitOf } from "../src/unit.ts";

function unit(sequence: number, size: number): Unit {
  const record = { id: `${sequence}`, sequence, priority: "normal", length: 0, attempts: 0, submittedAtMs: 0 } as const;
  return { ...unitOf([record]), records: Array.from({ length: size }, () => record) };
}

test("a lane keeps its order and its counts, as a sorted list does, wherever units come and go", () => {
  const steps = fc.array(
    fc.record({
      sequence: fc.nat(3_000),
      size: fc.constantFrom(1, 1, 1, 3),
      take: fc.constantFrom(false, false, true),
    }),
    { minLength: 500, maxLength: 2_000, size: "max" },
  );
  const property = fc.property(steps, fc.boolean(), (all, isGrowing) => {
    const lane = new Lane();
    const units = new Map<number, Unit>();
    // Blocks fill up from behind, or split in the middle.
    if (isGrowing) for (let sequence = 5_000; sequence < 6_200; sequence += 1) units.set(sequence, unit(sequence, 1));
    for (const each of units.values()) lane.insert(each);
    for (const { sequence, size, take } of all) {
      const known = units.get(sequence);
      if (take) {
        expect(lane.delete(known ?? unit(sequence, size))).toBe(known !== undefined);
        units.delete(sequence);
      } else if (known === undefined) {
        const fresh = unit(sequence, size);
        units.set(sequence, fresh);
        lane.insert(fresh);
      }
    }
    const sorted = [...units.values()].sort((a, b) => a.sequence - b.sequence);
    expect([...lane].map(({ sequence }) => sequence)).toEqual(sorted.map(({ sequence }) => sequence));
    expect(lane.first).toBe(sorted[0]);
    let before = 0;
    for (const { sequence, records } of sorted) {
      if (sequence % 7 === 0) expect([sequence, lane.messagesBefore(sequence)]).toEqual([sequence, before]);
      before += records.length;
    }
    expect([lane.messages, lane.messagesBefore(10_000)]).toEqual([before, before]);
  });
  fc.assert(property, { numRuns: 40 });
});
