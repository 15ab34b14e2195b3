/**
 * How far a campaign has come, in a file, so that an interrupted run goes on where it was.
 * @module
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { NO_TOTALS, type Totals } from "./campaign.ts";

export type Progress = {
  readonly seed: number;
  /** Of the sources: progress with other code does not count. */
  readonly fingerprint: string;
  readonly totals: Totals;
  /** Over all runs. */
  readonly durationMs: number;
  readonly peakResidentBytes: number;
};

/** A campaign that has not begun. */
export function noProgress(seed: number, fingerprint: string): Progress {
  return { seed, fingerprint, totals: NO_TOTALS, durationMs: 0, peakResidentBytes: 0 };
}

/** The file of one campaign. */
export class ProgressFile {
  readonly path: string;

  constructor(folder: string, campaign: string) {
    this.path = join(folder, `${campaign}.json`);
  }

  /** Undefined also for a file that is not one of ours: then the campaign begins again. */
  load(): Progress | undefined {
    try {
      const read: unknown = JSON.parse(readFileSync(this.path, "utf8"));
      return isProgress(read) ? read : undefined;
    } catch {
      return undefined;
    }
  }

  /** A process that is killed meanwhile leaves the old contents. */
  save(progress: Progress): void {
    mkdirSync(dirname(this.path), { recursive: true });
    writeFileSync(`${this.path}.new`, JSON.stringify(progress));
    renameSync(`${this.path}.new`, this.path);
  }

  delete(): void {
    rmSync(this.path, { force: true });
  }
}

function isProgress(value: unknown): value is Progress {
  if (typeof value !== "object" || value === null) return false;
  const { seed, fingerprint, totals, durationMs, peakResidentBytes } = value as Partial<Progress>;
  return (
    [seed, totals?.batches, durationMs, peakResidentBytes].every(Number.isFinite) &&
    typeof fingerprint === "string" &&
    typeof totals?.counts === "object" &&
    typeof totals.peaks === "object" &&
    typeof totals.series === "object"
  );
}
