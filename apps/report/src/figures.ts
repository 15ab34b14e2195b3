/**
 * Numbers as people read them. Pure.
 * @module
 */

/** Three digits that count, and all before the point. */
export function figure(value: number): string {
  if (value === 0) return "0";
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3;
  return value.toLocaleString("en-US", { minimumFractionDigits: 0, maximumFractionDigits: digits });
}

/** In words that cannot be read the other way round. */
export function better(ratio: number): string {
  if (ratio === Number.POSITIVE_INFINITY) return "**∞ × better**";
  if (ratio >= 0.995 && ratio <= 1.005) return "equal";
  return ratio > 1 ? `**${figure(ratio)} × better**` : `${figure(ratio)} of it`;
}

export function bytes(value: number): string {
  return `${figure(value / 2 ** 20)} MiB`;
}

export function duration(seconds: number): string {
  if (seconds < 120) return `${figure(seconds)} s`;
  return seconds < 7_200 ? `${figure(seconds / 60)} min` : `${figure(seconds / 3_600)} h`;
}
