/**
 * From results to pages: Markdown, and the drawings in them. Pure: equal results give equal bytes.
 * @module
 */
import { better, bytes, duration, figure } from "./figures.ts";
import type { AreaResult, CampaignResult, CaseResult, Machine } from "./results.ts";
import { ratioDiagram } from "./svg/bars.ts";
import { lineDiagram } from "./svg/lines.ts";

/** By file name. */
export type Pages = ReadonlyMap<string, string>;

const GENERATED = "<!-- Made by `pnpm report` from the JSON files in this folder. Change those, and run it again. -->";
/** More in one diagram cannot be read. */
const MOST_BARS = 40;
const SHORT_COMMIT = 9;

export function pagesOf(results: readonly (AreaResult | CampaignResult)[]): Pages {
  const pages = new Map<string, string>();
  const areas = results.filter((result) => result.kind === "area").sort(byName);
  const campaigns = results.filter((result) => result.kind === "campaign").sort(byName);
  pages.set("README.md", indexPage(areas, campaigns));
  for (const area of areas) addArea(pages, area);
  if (campaigns.length > 0) addCampaigns(pages, campaigns);
  return pages;
}

function indexPage(areas: readonly AreaResult[], campaigns: readonly CampaignResult[]): string {
  return page("Measured", [
    "Benchmarks measure us beside a peer, by turns, on one machine; a ratio above 1 means that we are better. Campaigns look for what is wrong, long and at random; what they find, they report and do not count: a result here is a run that found nothing.",
    "What is like for like and what is not: [apps/bench](../../apps/bench/README.md). What each campaign does: [apps/campaign](../../apps/campaign/README.md).",
    "## Benchmarks",
    table(
      ["area", "cases", "median ratio", "goals met", "commit"],
      areas.map((area) => [
        `[${area.name}](${area.name}.md)`,
        String(area.results.length),
        better(medianOf(area.results.map(({ ratio }) => ratio))),
        goalsMet(area.results),
        code(area.commit),
      ]),
    ),
    "## Campaigns",
    table(
      ["campaign", "how much", "time", "commit"],
      campaigns.map(({ name, count, unit, durationSeconds, commit }) => [
        `[${name}](campaigns.md#${name})`,
        `${figure(count)} ${unit}`,
        duration(durationSeconds),
        code(commit),
      ]),
    ),
  ]);
}

function addArea(pages: Map<string, string>, { name, commit, machine, results, plots }: AreaResult): void {
  const images: string[] = [];
  for (const [index, bars] of chunks(results.filter(({ ratio }) => Number.isFinite(ratio))).entries()) {
    const file = `${name}-ratios${index === 0 ? "" : `-${index + 1}`}.svg`;
    pages.set(file, ratioDiagram(`${name}: ratios`, bars));
    images.push(image(`Ratios of area ${name}`, file));
  }
  for (const plot of plots.filter(({ lines }) => lines.some(({ points }) => points.length > 0))) {
    const file = `${name}-${plot.name}.svg`;
    pages.set(file, lineDiagram(plot));
    images.push(image(plot.title, file));
  }
  const remarks = results.flatMap(({ name: of, remark }) =>
    remark === undefined ? [] : [`- \`${of}\`: ${cell(remark)}`],
  );
  pages.set(
    `${name}.md`,
    page(`Area ${name}`, [
      `\`pnpm bench ${name}\`, measured at ${code(commit)} on ${machineText(machine)}. What is like for like and what is not: [apps/bench](../../apps/bench/README.md#area-${name}).`,
      table(
        ["case", "ours", "theirs", "unit", "ratio", "peer"],
        results.map(({ name: of, ours, theirs, unit, ratio, peer }) => [
          `\`${cell(of)}\``,
          figure(ours),
          figure(theirs),
          cell(unit),
          better(ratio),
          cell(peer),
        ]),
      ),
      ...(remarks.length > 0 ? [remarks.join("\n")] : []),
      ...images,
    ]),
  );
}

function addCampaigns(pages: Map<string, string>, campaigns: readonly CampaignResult[]): void {
  const parts = campaigns.flatMap((campaign) => {
    const { name, count, unit, commit, machine, seed, durationSeconds, peakResidentBytes, counts, peaks, series } =
      campaign;
    const rows = [
      ...Object.entries(counts).map(([what, value]) => [cell(what), figure(value)]),
      ...Object.entries(peaks).map(([what, { value, batch }]) => [cell(what), `${figure(value)} (batch ${batch})`]),
      ...Object.entries(series).map(([what, { median, max, values }]) => [
        cell(what),
        `median ${figure(median)}, largest ${figure(max)}, of ${figure(values.length)}`,
      ]),
    ];
    return [
      `## ${name}`,
      `${figure(count)} ${unit}, nothing found. \`pnpm campaign ${name}\`, seed ${seed}, at ${code(commit)} on ${machineText(machine)}: ${duration(durationSeconds)}, at most ${bytes(peakResidentBytes)} of memory.`,
      ...(rows.length > 0 ? [table(["counted", ""], rows)] : []),
    ];
  });
  pages.set(
    "campaigns.md",
    page("Campaigns", ["What each does: [apps/campaign](../../apps/campaign/README.md).", ...parts]),
  );
}

function goalsMet(results: readonly CaseResult[]): string {
  const goals = results.filter(({ peer }) => peer === "goal");
  return goals.length === 0 ? "" : `${goals.filter(({ ratio }) => ratio >= 1).length} of ${goals.length}`;
}

function page(title: string, parts: readonly string[]): string {
  return `${[GENERATED, `# ${title}`, ...parts].join("\n\n")}\n`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function image(title: string, file: string): string {
  return `![${cell(title)}](${file})`;
}

function code(commit: string): string {
  return `\`${commit.slice(0, SHORT_COMMIT)}\``;
}

function machineText({ cpu, cores, node, platform }: Machine): string {
  return `${cell(cpu)}, ${cores} cores, Node ${node}, ${platform}`;
}

/** Nothing that would end a cell or begin a tag. */
function cell(content: string): string {
  return content.replaceAll("|", "\\|").replaceAll("<", "&lt;").replaceAll("\n", " ");
}

function chunks<Item>(items: readonly Item[]): Item[][] {
  const count = Math.ceil(items.length / MOST_BARS);
  return Array.from({ length: count }, (_, index) => items.slice(index * MOST_BARS, (index + 1) * MOST_BARS));
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 1) : ((sorted[middle - 1] ?? 1) + (sorted[middle] ?? 1)) / 2;
}

function byName(one: { readonly name: string }, other: { readonly name: string }): number {
  return one.name < other.name ? -1 : 1;
}
