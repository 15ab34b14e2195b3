/**
 * What `docs/benchmarks/*.json` says, checked field by field.
 * @module
 */
import { array, fields, number, oneOf, optional, type Reader, ResultError, record, text } from "./json.ts";

export type Machine = {
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
  readonly platform: string;
};
export type CaseResult = {
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  readonly peer: string;
  readonly theirs: number;
  /** Above 1: we are better. */
  readonly ratio: number;
  readonly remark?: string;
};
export type Axis = { readonly label: string; readonly scale: "linear" | "log" };
export type Line = { readonly name: string; readonly points: readonly (readonly [x: number, y: number])[] };
export type Plot = {
  readonly name: string;
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly lines: readonly Line[];
};

export type AreaResult = {
  readonly kind: "area";
  readonly name: string;
  readonly commit: string;
  readonly machine: Machine;
  readonly results: readonly CaseResult[];
  readonly plots: readonly Plot[];
};

export type CampaignResult = {
  readonly kind: "campaign";
  readonly name: string;
  readonly commit: string;
  readonly machine: Machine;
  readonly unit: string;
  readonly count: number;
  readonly seed: number;
  readonly durationSeconds: number;
  readonly peakResidentBytes: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly peaks: Readonly<Record<string, { readonly value: number; readonly batch: number }>>;
  readonly series: Readonly<
    Record<string, { readonly median: number; readonly max: number; readonly values: readonly number[] }>
  >;
};

/** @param file - named in errors @throws {@link ResultError} naming the file and the field */
export function parseResult(file: string, json: string): AreaResult | CampaignResult {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new ResultError(`${file}: want JSON, got something else`, { cause });
  }
  const at = fields(file, value);
  return at.has("area") ? areaOf(at) : campaignOf(at);
}

/** Beside a measured zero it is infinite, for which JSON has no number. */
const ratio: Reader<number> = (place, value) => (value === null ? Number.POSITIVE_INFINITY : number(place, value));

type Fields = ReturnType<typeof fields>;

function areaOf(at: Fields): AreaResult {
  return {
    kind: "area",
    name: at.get("area", text),
    commit: at.get("commit", text),
    machine: at.get("machine", machine),
    results: at.get("results", array(caseResult)),
    plots: at.get("plots", optional(array(plot))) ?? [],
  };
}

function campaignOf(at: Fields): CampaignResult {
  return {
    kind: "campaign",
    name: at.get("campaign", text),
    commit: at.get("commit", text),
    machine: at.get("machine", machine),
    unit: at.get("unit", text),
    count: at.get("count", number),
    seed: at.get("seed", number),
    durationSeconds: at.get("durationSeconds", number),
    peakResidentBytes: at.get("peakResidentBytes", number),
    counts: at.get("counts", record(number)),
    peaks: at.get("peaks", record(peak)),
    // Some are of before there were any.
    series: at.get("series", optional(record(series))) ?? {},
  };
}

function machine(place: string, value: unknown): Machine {
  const at = fields(place, value);
  return {
    cpu: at.get("cpu", text),
    cores: at.get("cores", number),
    node: at.get("node", text),
    platform: at.get("platform", text),
  };
}

function caseResult(place: string, value: unknown): CaseResult {
  const at = fields(place, value);
  const remark = at.get("remark", optional(text));
  return {
    name: at.get("case", text),
    unit: at.get("unit", text),
    ours: at.get("ours", number),
    peer: at.get("peer", text),
    theirs: at.get("theirs", number),
    ratio: at.get("ratio", ratio),
    ...(remark !== undefined && { remark }),
  };
}

function plot(place: string, value: unknown): Plot {
  const at = fields(place, value);
  return {
    name: at.get("name", text),
    title: at.get("title", text),
    x: at.get("x", axis),
    y: at.get("y", axis),
    lines: at.get("lines", array(line)),
  };
}

function axis(place: string, value: unknown): Axis {
  const at = fields(place, value);
  return { label: at.get("label", text), scale: at.get("scale", optional(oneOf("linear", "log"))) ?? "linear" };
}

function line(place: string, value: unknown): Line {
  const at = fields(place, value);
  return { name: at.get("name", text), points: at.get("points", array(point)) };
}

function point(place: string, value: unknown): readonly [x: number, y: number] {
  const [x, y, ...more] = array(number)(place, value);
  if (x === undefined || y === undefined || more.length > 0) throw new ResultError(`${place}: want two numbers`);
  return [x, y];
}

function peak(place: string, value: unknown) {
  const at = fields(place, value);
  return { value: at.get("value", number), batch: at.get("batch", number) };
}

function series(place: string, value: unknown) {
  const at = fields(place, value);
  return { median: at.get("median", number), max: at.get("max", number), values: at.get("values", array(number)) };
}
