/** What real nodes of both sides keep: memory and history. Queries fail unless each page is full. */
import { expect, test } from "@jest/globals";
import { area, describeBesideGoWaku } from "./small-devnet.ts";

describeBesideGoWaku(["memory-flat", "store-1m-range", "store-1m-deep"], () => {
  test("the memory over time becomes a diagram", async () => {
    const [plot] = (await area.plots?.()) ?? [];
    expect(plot?.lines.map(({ name, points }) => [name, points.length > 2])).toEqual([
      ["ours", true],
      ["go-waku", true],
    ]);
  });
});
