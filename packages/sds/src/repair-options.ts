/**
 * How SDS-Repair behaves, for one channel.
 * Spec: Scalable Data Sync, "SDS-R global state".
 * @module
 */
import { SdsError } from "./errors.ts";

export type RepairOptions = {
  /** A missing message is not asked for earlier than this, and not answered twice within it. @default 30_000 */
  readonly minMs?: number;
  /** First requests, and answers by others than the sender, are spread over times up to this. @default 120_000 */
  readonly maxMs?: number;
  /** Most ids that one message asks for, 1 to 16. @default 3 */
  readonly maxRequests?: number;
  /** Least time between two answers, whoever asks. @default 1_000 */
  readonly answerEveryMs?: number;
  /** Only one in so many participants answers for a message of others; one for every 128. @default 1 */
  readonly responseGroups?: number;
};

/** More in one message are not looked at. */
export const MAX_REQUESTS_READ = 16;
export const LONGEST_MS = 3_600_000;

/** @throws {@link SdsError} `INVALID_OPTION` */
export function checkRepair(options: RepairOptions): Required<RepairOptions> {
  const { minMs = 30_000, maxMs = 120_000, maxRequests = 3, answerEveryMs = 1_000, responseGroups = 1 } = options;
  const all = { minMs, maxMs, maxRequests, answerEveryMs, responseGroups };
  const ranges = {
    minMs: [0, LONGEST_MS],
    maxMs: [minMs, LONGEST_MS],
    maxRequests: [1, MAX_REQUESTS_READ],
    answerEveryMs: [0, LONGEST_MS],
    responseGroups: [1, 2 ** 20],
  } as const;
  for (const name of Object.keys(all) as (keyof typeof all)[]) {
    const [least, most] = ranges[name];
    if (Number.isSafeInteger(all[name]) && all[name] >= least && all[name] <= most) continue;
    throw new SdsError("INVALID_OPTION", `${name}: want an integer from ${least} to ${most}, got ${all[name]}`);
  }
  return all;
}
