import { file, text } from "@chat/sdk";
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
  ["an escape sequence", "\u001b[2J", "·[2J"],
  ["the bell", "\u0007", "·"],
  ["a line break", "a\r\nBye.", "a··Bye."],
  ["a C1 control", "\u009b31m", "·31m"],
  ["a line separator", "a\u2028b", "a·b"],
  ["a bidi override", "\u202Eabc\u202C", "·abc·"],
  ["a bidi isolate", "\u2066abc\u2069", "·abc·"],
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
