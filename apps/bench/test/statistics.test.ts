import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { median, quantile, ratio, spread } from "../src/statistics.ts";

const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 50 });

describe("median and quartiles", () => {
  test.each([
    [[7], 7],
    [[3, 1, 2], 2],
    [[4, 1, 3, 2], 2.5],
    [[10, 9, 100], 10],
  ])("the median of %j is %d", (list, expected) => {
    expect(median(list)).toBe(expected);
  });

  test("quartiles lie between the two values around them", () => {
    expect(spread([1, 2, 3, 4])).toEqual({ lower: 1.75, median: 2.5, upper: 3.25 });
  });

  test("no values are a mistake of the caller", () => {
    expect(() => median([])).toThrow(RangeError);
  });

  test("the order of the values changes nothing, and the values stay as they are", () => {
    const property = fc.property(values, (list) => {
      const before = [...list];
      expect(spread([...list].reverse())).toEqual(spread(list));
      expect(list).toEqual(before);
    });
    fc.assert(property);
  });

  test("a quantile never leaves the range of the values, and grows with its fraction", () => {
    const fraction = fc.double({ min: 0, max: 1, noNaN: true });
    const property = fc.property(values, fraction, fraction, (list, one, other) => {
      const low = quantile(list, Math.min(one, other));
      const high = quantile(list, Math.max(one, other));
      const slack = 1e-6; // interpolation rounds
      expect(low).toBeGreaterThanOrEqual(Math.min(...list) - slack);
      expect(high).toBeLessThanOrEqual(Math.max(...list) + slack);
      expect(low).toBeLessThanOrEqual(high + slack);
    });
    fc.assert(property);
  });
});

describe("the ratio is above 1 when we are better", () => {
  test("with half of their milliseconds", () => {
    expect(ratio("lower", 5, 10)).toBe(2);
  });

  test("with twice their messages per second", () => {
    expect(ratio("higher", 200, 100)).toBe(2);
  });

  test("and below 1 when they are", () => {
    expect(ratio("lower", 10, 5)).toBe(0.5);
    expect(ratio("higher", 100, 200)).toBe(0.5);
  });
});
