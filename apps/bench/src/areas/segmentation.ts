/**
 * Area `segmentation`: erasure coding, hashing, and whole payloads, each beside a package of npm that does the same, or
 * beside what bounds it. README.md says what is like for like and what is not.
 * @module
 */
import type { BenchArea } from "../case.ts";
import { erasureCases } from "../segmentation/erasure-cases.ts";
import { memoryCase } from "../segmentation/memory-case.ts";
import { payloadCases } from "../segmentation/payload-cases.ts";

export const segmentation: BenchArea = {
  name: "segmentation",
  title: "segments, parity and hashes of payloads, in memory",
  cases: [...erasureCases, ...payloadCases, memoryCase],
};
