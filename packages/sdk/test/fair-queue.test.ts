import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { FairQueue } from "../src/sending/fair-queue.ts";

test("what was counted until the last of a group is what comes until then", () => {
  const groups = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(groups, fc.nat({ max: 10 }), (pushed, taken) => {
      const queue = new FairQueue<string>();
      for (const group of pushed) queue.push(group, group);
      for (let count = 0; count < taken; count += 1) queue.shift();
      const group = pushed.at(-1) ?? "";
      const until = queue.countUntil(group);
      const order: string[] = [];
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) order.push(item);
      // Groups behind it in the turn may not have had theirs yet.
      const last = order.lastIndexOf(group) + 1;
      expect(until).toBeGreaterThanOrEqual(last);
      expect(until - last).toBeLessThanOrEqual(2);
    }),
  );
});
