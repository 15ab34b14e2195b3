/**
 * From values to places on an axis, and the round values that are marked there. Pure.
 * @module
 */

export type Scale = {
  /** The place of a value; beyond the ends for what is beyond them. */
  readonly at: (value: number) => number;
  /** Round values within the ends, in rising order. */
  readonly ticks: readonly number[];
};

export type Ends = { readonly low: number; readonly high: number };
export type Places = { readonly from: number; readonly to: number };

/** About so many, on a linear axis. */
const TICKS = 6;

export function scaleOf(kind: "linear" | "log", values: Ends, places: Places): Scale {
  return kind === "log" ? logScale(values, places) : linearScale(values, places);
}

function linearScale(values: Ends, { from, to }: Places): Scale {
  const { low, high } = widened(values);
  const ticks = linearTicks(low, high);
  return { at: (value) => from + ((value - low) / (high - low)) * (to - from), ticks };
}

/** @throws RangeError for ends that are not above 0 */
function logScale(values: Ends, { from, to }: Places): Scale {
  if (!(values.low > 0)) throw new RangeError(`log axis: want values above 0, got ${values.low}`);
  const [low, high] = values.low === values.high ? [values.low / 2, values.high * 2] : [values.low, values.high];
  const length = Math.log(high / low);
  return { at: (value) => from + (Math.log(value / low) / length) * (to - from), ticks: logTicks(low, high) };
}

function widened({ low, high }: Ends): Ends {
  return low === high ? { low: low - 1, high: high + 1 } : { low, high };
}

/** Multiples of 1, 2 or 5 times a power of ten. */
export function linearTicks(low: number, high: number): number[] {
  const rough = (high - low) / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough * 0.999) ?? 10 * power;
  const ticks: number[] = [];
  const last = Math.floor(high / step + 1e-9);
  for (let count = Math.ceil(low / step - 1e-9); count <= last; count += 1) ticks.push(rounded(count * step));
  return ticks;
}

/** Powers of ten, and 2 and 5 times these where they are few. */
export function logTicks(low: number, high: number): number[] {
  const decades = Math.log10(high / low);
  const factors = decades > 4 ? [1] : decades > 1.2 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 8];
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += 1) {
    for (const factor of factors) {
      const tick = rounded(factor * 10 ** power);
      if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick);
    }
  }
  return ticks;
}

/** Without what binary fractions add. */
function rounded(value: number): number {
  return Number(value.toPrecision(12));
}
