import { matchesWords, wordsOfQuery, wordsOfText } from "@chat/store";
import { expect, test } from "@jest/globals";
import fc from "fast-check";

const texts = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.string({ unit: "binary" }),
  fc
    .array(fc.constantFrom("Öl", "ß", "İ", "ς", "中国", "が", "한국", "हिन्दी", "สวัส", " ", "-", "7"), { maxLength: 9 })
    .map((parts) => parts.join("")),
);

test("any text is a query, and is found in itself unless it has no words", () => {
  fc.assert(
    fc.property(texts, (text) => {
      const query = wordsOfQuery(text);
      expect(matchesWords(query, wordsOfText(text))).toBe(query.length > 0);
    }),
  );
});

test("case, composition of accents and what stands around words make no difference", () => {
  fc.assert(
    fc.property(texts, (text) => {
      const words = wordsOfText(text);
      expect(wordsOfText(text.normalize("NFD"))).toEqual(wordsOfText(text.normalize("NFC")));
      expect(wordsOfText(words.map((word) => word.text).join(" "))).toEqual(words);
      expect(wordsOfText(`(${text}) `)).toEqual(words);
    }),
  );
});

test("a long text and a long query are cut", () => {
  expect(matchesWords(wordsOfQuery("end"), wordsOfText(`${"x ".repeat(32_000)}end`))).toBe(true);
  expect(matchesWords(wordsOfQuery("end"), wordsOfText(`${"x ".repeat(33_000)}end`))).toBe(false);
  expect(wordsOfQuery(`${"x ".repeat(600)}`)).toHaveLength(512);
});
