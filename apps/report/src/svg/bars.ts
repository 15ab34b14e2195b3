/**
 * A diagram of ratios: bars to the right for what we are better at, to the left for the rest, on a logarithmic axis.
 * @module
 */
import { figure } from "../figures.ts";
import { scaleOf } from "./scale.ts";
import { colour, drawing, element, label } from "./svg.ts";

const WIDTH = 760;
const ROW = 22;
const TOP = 62;
/** For names, and for figures behind the bars. */
const BARS = { left: 300, right: 690 };

export type Bar = { readonly name: string; readonly ratio: number };

/** Bars begin at 1, where both are equal: on such an axis there is no 0. */
export function ratioDiagram(title: string, bars: readonly Bar[]): string {
  const ratios = bars.map(({ ratio }) => ratio).filter((ratio) => ratio > 0);
  const ends = { low: Math.min(0.8, ...ratios), high: Math.max(1.25, ...ratios) };
  const { at, ticks } = scaleOf("log", ends, { from: BARS.left, to: BARS.right });
  const bottom = TOP + bars.length * ROW;
  const parts = [
    label(title, { x: 10, y: 22, class: "title" }),
    label("worse than the peer", { x: at(1) - 8, y: 44, "text-anchor": "end" }),
    label("better", { x: at(1) + 8, y: 44 }),
    ...ticks.flatMap((tick) => [
      element("line", { x1: at(tick), x2: at(tick), y1: TOP - 8, y2: bottom, class: "grid" }),
      label(figure(tick), { x: at(tick), y: bottom + 16, "text-anchor": "middle" }),
    ]),
    ...bars.flatMap(({ name, ratio }, index) => {
      const up = TOP + index * ROW;
      const to = ratio > 0 ? at(ratio) : BARS.left;
      const isBetter = ratio >= 1;
      return [
        label(name, { x: BARS.left - 10, y: up + 12, "text-anchor": "end" }),
        element("rect", {
          x: Math.min(at(1), to),
          y: up + 2,
          width: Math.max(1, Math.abs(to - at(1))),
          height: ROW - 8,
          fill: colour(isBetter ? 0 : 1),
        }),
        label(figure(ratio), isBetter ? { x: to + 6, y: up + 13 } : { x: at(1) + 6, y: up + 13 }),
      ];
    }),
    element("line", { x1: at(1), x2: at(1), y1: TOP - 12, y2: bottom, class: "axis", "stroke-width": 2 }),
  ];
  const said = bars.map(({ name, ratio }) => `${name} ${figure(ratio)}`).join("; ");
  return drawing(title, `Ratios, above 1 where we are better: ${said}`, WIDTH, bottom + 30, parts);
}
