/**
 * The pieces of a drawing: elements, texts, colours. They read well on light and on dark pages.
 * @module
 */

/** Okabe and Ito (2008): told apart by people who see few colours, too; each line also has its own dashes. */
export const COLOURS = [
  "#0072b2",
  "#d55e00",
  "#009e73",
  "#cc79a7",
  "#56b4e9",
  "#e69f00",
  "#7f7f7f",
  "#b8a200",
] as const;
const DASHES = ["", "7 3", "2 3", "10 3 2 3", "4 2", "12 4", "1 2", "6 2 1 2"] as const;

const STYLE = [
  "text{font:12px sans-serif;fill:#24292f}",
  ".title{font-weight:bold;font-size:14px}",
  ".grid{stroke:#24292f;stroke-opacity:.15}",
  ".axis{stroke:#24292f;stroke-opacity:.6}",
  "@media (prefers-color-scheme:dark){text{fill:#e6edf3}.grid,.axis{stroke:#e6edf3}}",
].join("");

export type Attributes = Readonly<Record<string, string | number>>;

export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const given = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${typeof value === "number" ? place(value) : escaped(value)}"`,
  );
  return children.length === 0
    ? `<${name}${given.join("")}/>`
    : `<${name}${given.join("")}>${children.join("")}</${name}>`;
}

export function label(content: string, attributes: Attributes): string {
  return element("text", attributes, escaped(content));
}

export function drawing(
  title: string,
  description: string,
  width: number,
  height: number,
  parts: readonly string[],
): string {
  const root = { xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${width} ${height}`, width, height, role: "img" };
  const head = [
    element("title", {}, escaped(title)),
    element("desc", {}, escaped(description)),
    element("style", {}, STYLE),
  ];
  return `${element("svg", root, ...[...head, ...parts].map((part) => `\n${part}`), "\n")}\n`;
}

export function lineLook(index: number): Attributes {
  const dashes = DASHES[index % DASHES.length] ?? "";
  return {
    stroke: colour(index),
    "stroke-width": 2,
    fill: "none",
    ...(dashes !== "" && { "stroke-dasharray": dashes }),
  };
}

export function colour(index: number): string {
  return COLOURS[index % COLOURS.length] ?? COLOURS[0];
}

export function escaped(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** A tenth of a pixel is enough. */
function place(value: number): string {
  return String(Math.round(value * 10) / 10);
}
