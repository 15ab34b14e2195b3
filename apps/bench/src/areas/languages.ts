/**
 * Area `languages`: `@chat/segmentation` beside its siblings in Go, Rust and Nim. Shards of 100 KiB, payloads of 100 MiB in
 * messages of 150,000 bytes, one thread; each side makes the same bytes, which `bindings/interop` tests.
 * @module
 */
import type { BenchArea, BenchCase } from "../case.ts";
import { commandOf, type Language, measure } from "../languages/command.ts";
import { erasureCases } from "../segmentation/erasure-cases.ts";
import { payloadCases } from "../segmentation/payload-cases.ts";

const LANGUAGES: readonly Language[] = ["go", "rust", "nim"];
const CASES = [
  "encode-112-16",
  "decode-112-16",
  "keccak-100mb",
  "segment-100mb",
  "reassemble-100mb",
  "reassemble-100mb-lossy",
];

const ours = [...erasureCases, ...payloadCases].filter(({ name }) => CASES.includes(name));

/** Our side of a case of area `segmentation`, beside the same work in another language. */
function beside(language: Language, { note: _, ...own }: BenchCase): BenchCase {
  return {
    ...own,
    name: `${own.name}-${language}`,
    peer: `our ${language[0]?.toUpperCase()}${language.slice(1)}`,
    rounds: 5,
    limitMs: 10 * 60_000,
    prepare: async () => {
      const command = await commandOf(language);
      const sides = await own.prepare();
      return {
        ours: () => sides.ours(),
        theirs: () => measure(command, own.name),
        [Symbol.asyncDispose]: () => sides[Symbol.asyncDispose](),
      };
    },
  };
}

export const languages: BenchArea = {
  name: "languages",
  title: "segmentation in TypeScript, beside the same in Go, Rust and Nim",
  cases: ours.flatMap((own) => LANGUAGES.map((language) => beside(language, own))),
};
