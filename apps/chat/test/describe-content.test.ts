import { deletion, edit, file, json, reaction, reply, text } from "@chat/sdk";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { describeContent } from "../src/describe-content.ts";

test("text stays as it is, also beyond ASCII", () => {
  expect(describeContent(text("grüezi 👋 שלום"))).toBe("grüezi 👋 שלום");
});

test("a file is its name, without what would turn it round, and size", () => {
  const bytes = new Uint8Array(3);
  expect(describeContent(file({ name: "a\u202Egpj.exe", mediaType: "image/jpeg", bytes }))).toBe(
    "[file agpj.exe, 3 bytes]",
  );
});

test.each([
  ["an escape sequence", "\u001b[2J", "[2J"],
  ["the bell", "\u0007", ""],
  ["a line break", "a\r\nBye.", "a·Bye."],
  ["a C1 control", "\u009b31m", "31m"],
  ["a line separator", "a\u2028b", "ab"],
  ["a bidi override", "\u202Eabc\u202C", "abc"],
  ["a bidi isolate", "\u2066abc\u2069", "abc"],
])("%s does nothing to the screen", (_what, sent, shown) => {
  expect(describeContent(text(sent))).toBe(shown);
});

test("any text is one line without control characters", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (body) => {
      expect(describeContent(text(body))).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u);
    }),
  );
});

test.each([
  ["an answer", reply("0".repeat(32), "yes"), "[answer] yes"],
  ["a reaction", reaction("0".repeat(32), "👍"), "[👍]"],
  ["a reaction taken back", reaction("0".repeat(32), "👍", { isRemoved: true }), "[no longer 👍]"],
  ["a correction", edit("0".repeat(32), "a\u001bb"), "[corrected] ab"],
  ["a wish to delete", deletion("0".repeat(32)), "[asks to delete a message]"],
  ["data", json("game", { move: 1 }), "[data of game]"],
])("%s is told in one line", (_what, content, shown) => {
  expect(describeContent(content)).toBe(shown);
});

test("of an unknown type the fallback is shown, and without one that there is something", () => {
  const poll = { kind: "unsupported", reason: "unknown-type", domain: 9, tag: 9, version: 1 } as const;
  const payload = new Uint8Array(1);
  expect(describeContent({ ...poll, payload, fallback: "Tea?\u001b[2J\n" })).toBe("Tea?[2J· [in short]");
  expect(describeContent({ ...poll, payload, fallback: "" })).toContain("cannot show");
});

test("a text that would fill the screen is cut", () => {
  expect(describeContent(text("x".repeat(100_000)))).toHaveLength(10_000);
});
