/** What other languages are held to is what this implementation does. */
import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { type Vectors, vectors } from "./vectors/vectors.ts";

const committed: Vectors = JSON.parse(
  readFileSync(new URL("../../../vectors/segmentation.json", import.meta.url), "utf8"),
);

const computed: Vectors = JSON.parse(JSON.stringify(vectors()));

test.each(["segmenting", "refused", "accepting"] as const)("does what vectors/segmentation.json says of %s", (part) => {
  const expected = committed[part];
  expect(expected.length).toBeGreaterThan(9);
  expect(computed[part]).toEqual(expected);
});
