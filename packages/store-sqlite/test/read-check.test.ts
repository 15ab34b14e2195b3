import { expect, test } from "@jest/globals";
import { checkFound, checkOrder } from "../src/read-check.ts";

const corrupt = { name: "StoreError", code: "CORRUPT" };

test("rows go on where the last page ended, and none comes twice", () => {
  expect(() => checkOrder([], 0)).not.toThrow();
  expect(() => checkOrder([{ position: 3 }, { position: 7 }], 2)).not.toThrow();
  expect(() => checkOrder([{ position: 2 }], 2)).toThrow(expect.objectContaining(corrupt));
  expect(() => checkOrder([{ position: 3 }, { position: 3 }], 2)).toThrow(expect.objectContaining(corrupt));
});

// Cells of an index that overlap compare as one text and read as another.
test("a row with another id than the one that was asked for is not given out, and its id not told", () => {
  expect(() => checkFound("messages.id", "a", "a")).not.toThrow();
  const other = { ...corrupt, message: expect.not.stringContaining("secret") };
  expect(() => checkFound("messages.id", "secret", "a")).toThrow(expect.objectContaining(other));
});
