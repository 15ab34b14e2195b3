/**
 * A diagram of lines.
 * @module
 */
import { figure } from "../figures.ts";
import type { Plot } from "../results.ts";
import { type Ends, scaleOf } from "./scale.ts";
import { colour, drawing, element, label, lineLook } from "./svg.ts";

const WIDTH = 760;
const PLOT = { left: 70, right: 740, top: 40, bottom: 330 };
const LEGEND_ROW = 20;
const MARKED_POINTS = 12;

export function lineDiagram({ title, x, y, lines }: Plot): string {
  const points = lines.flatMap((line) => line.points);
  const acrossOf = scaleOf(
    x.scale,
    endsOf(
      points.map(([value]) => value),
      x.scale,
    ),
    { from: PLOT.left, to: PLOT.right },
  );
  const upOf = scaleOf(
    y.scale,
    endsOf(
      points.map(([, value]) => value),
      y.scale,
    ),
    { from: PLOT.bottom, to: PLOT.top },
  );
  const height = PLOT.bottom + 60 + lines.length * LEGEND_ROW;
  const parts = [
    label(title, { x: PLOT.left, y: 22, class: "title" }),
    ...acrossOf.ticks.flatMap((tick) => [
      element("line", { x1: acrossOf.at(tick), x2: acrossOf.at(tick), y1: PLOT.top, y2: PLOT.bottom, class: "grid" }),
      label(figure(tick), { x: acrossOf.at(tick), y: PLOT.bottom + 17, "text-anchor": "middle" }),
    ]),
    ...upOf.ticks.flatMap((tick) => [
      element("line", { x1: PLOT.left, x2: PLOT.right, y1: upOf.at(tick), y2: upOf.at(tick), class: "grid" }),
      label(figure(tick), { x: PLOT.left - 7, y: upOf.at(tick) + 4, "text-anchor": "end" }),
    ]),
    element("path", { d: `M${PLOT.left} ${PLOT.top}V${PLOT.bottom}H${PLOT.right}`, fill: "none", class: "axis" }),
    label(x.label, { x: (PLOT.left + PLOT.right) / 2, y: PLOT.bottom + 37, "text-anchor": "middle" }),
    label(y.label, {
      x: 0,
      y: 0,
      transform: `translate(16 ${(PLOT.top + PLOT.bottom) / 2}) rotate(-90)`,
      "text-anchor": "middle",
    }),
    ...lines.flatMap((line, index) => {
      const places = line.points.map(([across, up]) => [acrossOf.at(across), upOf.at(up)] as const);
      const path = element("polyline", {
        points: places.map((at) => at.map((value) => value.toFixed(1)).join(",")).join(" "),
        ...lineLook(index),
      });
      const marks =
        places.length > MARKED_POINTS
          ? []
          : places.map(([cx, cy]) => element("circle", { cx, cy, r: 3.5, fill: colour(index) }));
      return [path, ...marks];
    }),
    ...lines.flatMap((line, index) => {
      const up = PLOT.bottom + 58 + index * LEGEND_ROW;
      return [
        element("line", { x1: PLOT.left, x2: PLOT.left + 36, y1: up - 4, y2: up - 4, ...lineLook(index) }),
        label(line.name, { x: PLOT.left + 46, y: up }),
      ];
    }),
  ];
  return drawing(title, `${y.label} by ${x.label}: ${lines.map(({ name }) => name).join("; ")}`, WIDTH, height, parts);
}

/** From 0, where that is near; a little more than the data otherwise. */
function endsOf(values: readonly number[], scale: "linear" | "log"): Ends {
  const shown = scale === "log" ? values.filter((value) => value > 0) : values;
  const [low, high] = shown.reduce(
    ([least, most], value) => [Math.min(least, value), Math.max(most, value)],
    [Infinity, -Infinity],
  );
  if (!Number.isFinite(low)) return { low: 1, high: 10 };
  if (scale === "log") return { low: low / 1.1, high: high * 1.1 };
  const room = (high - low) * 0.05;
  return { low: low >= 0 && low < high / 2 ? 0 : low - room, high: high + room };
}
