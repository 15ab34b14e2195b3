/**
 * Area `ratelimit`: messages through a quota, each case beside a package of npm that does the nearest thing. README.md
 * says what is like for like and what is not.
 * @module
 */
import type { BenchArea } from "../case.ts";
import { memoryCases } from "../ratelimit/memory-cases.ts";
import { reopenCases } from "../ratelimit/reopen-cases.ts";
import { submitCases } from "../ratelimit/submit-cases.ts";

export const ratelimit: BenchArea = {
  name: "ratelimit",
  title: "messages through a quota per epoch: rate, memory, reopening",
  cases: [...submitCases, ...memoryCases, ...reopenCases],
};
