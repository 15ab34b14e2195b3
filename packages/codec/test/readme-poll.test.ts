import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";

// That it runs is tested with all examples of the repository.
test("a content type of one's own takes at most 15 lines in the README, imports included (CHAT-F5)", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const example = [...readme.matchAll(/^```ts\n(.*?)^```/gms)]
    .map(([, code = ""]) => code)
    .find((code) => code.includes("poll"));
  const lines = example?.split("\n").filter((line) => line.trim() !== "") ?? [];
  expect(lines.length).toBeGreaterThan(5);
  expect(lines.length).toBeLessThanOrEqual(15);
});
