import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { better, figure } from "../src/figures.ts";
import { pagesOf } from "../src/pages.ts";
import { parseResult } from "../src/results.ts";
import { ratioDiagram } from "../src/svg/bars.ts";
import { lineDiagram } from "../src/svg/lines.ts";
import { linearTicks, logTicks, scaleOf } from "../src/svg/scale.ts";

const MACHINE = { cpu: "a <fast> one", cores: 2, node: "24.0.0", platform: "linux x64" };
const AREA = {
  area: "example",
  commit: "0123456789abcdef",
  machine: MACHINE,
  results: [
    { case: "one|two", unit: "ms", ours: 1.25, peer: "a & b", theirs: 2.5, ratio: 2 },
    { case: "three", unit: "AUC", ours: 0.6, peer: "goal", theirs: 0.55, ratio: 0.917, remark: "± 0.01" },
    { case: "none left", unit: "%", ours: 0, peer: "chance", theirs: 0.5, ratio: null },
  ],
  plots: [
    {
      name: "by-loss",
      title: "Bytes <by> loss",
      x: { label: "loss" },
      y: { label: "B", scale: "log" },
      lines: [
        {
          name: "ours & theirs",
          points: [
            [0, 10],
            [1, 1000],
          ],
        },
      ],
    },
  ],
};
const CAMPAIGN = {
  campaign: "hunt",
  commit: "fedcba9876543210",
  dirty: false,
  machine: MACHINE,
  threads: 2,
  seed: 7,
  unit: "things",
  count: 1000,
  batches: 10,
  durationSeconds: 300,
  peakResidentBytes: 2 ** 30,
  counts: { things: 1000 },
  peaks: { height: { value: 3, batch: 4 } },
  series: { late: { median: 1, max: 2, values: [1, 2] } },
};

describe("pages", () => {
  const results = [
    parseResult("hunt.json", JSON.stringify(CAMPAIGN)),
    parseResult("example.json", JSON.stringify(AREA)),
  ];
  const pages = pagesOf(results);

  test("are an index, one for each area with its diagrams, and one of all campaigns", () => {
    expect([...pages.keys()].sort()).toEqual([
      "README.md",
      "campaigns.md",
      "example-by-loss.svg",
      "example-ratios.svg",
      "example.md",
    ]);
    expect(pages.get("README.md")).toContain("| [example](example.md) | 3 | **2 × better** | 0 of 1 | `012345678` |");
    expect(pages.get("README.md")).toContain("| [hunt](campaigns.md#hunt) | 1,000 things | 5 min | `fedcba987` |");
    expect(pages.get("example.md")).toContain("| `one\\|two` | 1.25 | 2.5 | ms | **2 × better** | a & b |");
    expect(pages.get("example.md")).toContain("| `three` | 0.6 | 0.55 | AUC | 0.917 of it | goal |");
    expect(pages.get("example.md")).toContain("| `none left` | 0 | 0.5 | % | **∞ × better** | chance |");
    expect(pages.get("example.md")).toContain("- `three`: ± 0.01");
    expect(pages.get("example.md")).toContain("a &lt;fast> one, 2 cores");
    expect(pages.get("campaigns.md")).toContain("| late | median 1, largest 2, of 2 |");
  });

  test("are the same for the same results, in any order", () => {
    expect([...pagesOf(results.toReversed())]).toEqual([...pages]);
  });

  test("escape what would be markup in a drawing", () => {
    expect(pages.get("example-by-loss.svg")).toContain("<title>Bytes &lt;by&gt; loss</title>");
    expect(pages.get("example-by-loss.svg")).toContain("ours &amp; theirs</text>");
  });
});

test.each([
  ["nothing", "{}", "x.json.campaign: want a text, got nothing"],
  ["no JSON", "{", "x.json: want JSON"],
  ["no object", "[]", "x.json: want an object, got []"],
  [
    "a figure that is none",
    JSON.stringify({ ...AREA, results: [{ ...AREA.results[0], ours: null }] }),
    "x.json.results[0].ours: want a number, got null",
  ],
  [
    "a point of three",
    JSON.stringify({ ...AREA, plots: [{ ...AREA.plots[0], lines: [{ name: "a", points: [[1, 2, 3]] }] }] }),
    "x.json.plots[0].lines[0].points[0]: want two numbers",
  ],
  [
    "an unknown scale",
    JSON.stringify({ ...AREA, plots: [{ ...AREA.plots[0], x: { label: "a", scale: "cubic" } }] }),
    'x.json.plots[0].x.scale: want one of linear, log, got "cubic"',
  ],
])("%s is refused with its place", (_, json, message) => {
  expect(() => parseResult("x.json", json)).toThrow(message);
});

describe("an axis", () => {
  const ends = fc
    .tuple(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.double({ min: 1e-3, max: 1e6, noNaN: true }))
    .map(([low, length]) => ({ low, high: low + length }));

  test("has a few round values within its ends, in order", () => {
    fc.assert(
      fc.property(ends, ({ low, high }) => {
        const ticks = linearTicks(low, high);
        expect(ticks.length).toBeGreaterThanOrEqual(2);
        expect(ticks.length).toBeLessThanOrEqual(8);
        const slack = (high - low) * 1e-6;
        for (const [index, tick] of ticks.entries()) {
          expect(tick).toBeGreaterThanOrEqual(low - slack);
          expect(tick).toBeLessThanOrEqual(high + slack);
          if (index > 0) expect(tick).toBeGreaterThan(ticks[index - 1] ?? 0);
        }
      }),
    );
    expect(linearTicks(0, 1)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(logTicks(1, 1000)).toEqual([1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]);
    expect(logTicks(1, 1e6)).toEqual([1, 10, 100, 1000, 10000, 100000, 1000000]);
  });

  test("puts its ends at its ends, and keeps the order between", () => {
    const positive = fc.tuple(
      fc.double({ min: 1e-6, max: 1e3, noNaN: true }),
      fc.double({ min: 1.01, max: 1e6, noNaN: true }),
    );
    fc.assert(
      fc.property(positive, fc.constantFrom("linear" as const, "log" as const), ([low, factor], kind) => {
        const { at } = scaleOf(kind, { low, high: low * factor }, { from: 70, to: 740 });
        expect(at(low)).toBeCloseTo(70, 3);
        expect(at(low * factor)).toBeCloseTo(740, 3);
        expect(at(low * Math.sqrt(factor))).toBeGreaterThan(70);
      }),
    );
    expect(() => scaleOf("log", { low: 0, high: 1 }, { from: 0, to: 1 })).toThrow("want values above 0");
  });
});

test("diagrams take what is hard to draw: one point, equal values, nothing, and a ratio of nothing", () => {
  const plot = (points: [number, number][], scale: "linear" | "log") => ({
    name: "a",
    title: "a",
    x: { label: "x", scale: "linear" as const },
    y: { label: "y", scale },
    lines: [{ name: "a", points }],
  });
  const drawings = [
    lineDiagram(plot([[1, 1]], "linear")),
    lineDiagram(
      plot(
        [
          [1, 5],
          [2, 5],
        ],
        "log",
      ),
    ),
    lineDiagram(plot([], "linear")),
    ratioDiagram("none", []),
    ratioDiagram("odd", [
      { name: "nothing", ratio: 0 },
      { name: "much", ratio: 1e6 },
    ]),
  ];
  for (const drawing of drawings) {
    expect(drawing).toMatch(/^<svg .*role="img">/);
    expect(drawing).not.toMatch(/NaN|Infinity/);
  }
});

test("figures have the digits that count, and ratios say which way they go", () => {
  expect([0, 0.0123, 1.234, 12.34, 123.4, 1_234_567].map(figure)).toEqual([
    "0",
    "0.012",
    "1.23",
    "12.3",
    "123",
    "1,234,567",
  ]);
  expect([0.5, 1, 1.001, 2.5].map(better)).toEqual(["0.5 of it", "equal", "equal", "**2.5 × better**"]);
});
