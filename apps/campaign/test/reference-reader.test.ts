import { expect, test } from "@jest/globals";
import { readSegment } from "../src/fuzz/reference-reader.ts";
import { WireWriter } from "../src/fuzz/wire-writer.ts";

const writer = new WireWriter();
const header = {
  hash: new Uint8Array(32).fill(7),
  length: 300,
  index: 1,
  dataCount: 3,
  parityCount: 2,
  isParity: true,
};

test("what the writer writes, the reader reads", () => {
  const chunk = new Uint8Array(130).fill(9);
  expect(readSegment(writer.reset().segment(header, chunk).bytes)).toEqual({ ...header, chunk });
});

test("the last of a repeated field counts, unknown fields and groups are passed over", () => {
  writer.reset().segment(header, new Uint8Array(1)).varintField(3, 2).tag(9, 3).tag(10, 3).tag(10, 4).tag(9, 4);
  expect(readSegment(writer.bytes)).toMatchObject({ index: 2, length: 300 });
});

test.each([
  ["a length beyond the end", () => writer.reset().tag(7, 2).varint(5)],
  ["a varint without an end", () => writer.reset().tag(2, 0).raw(new Uint8Array(12).fill(255))],
  ["a group that is not closed", () => writer.reset().tag(9, 3)],
  ["a group that another one closes", () => writer.reset().tag(9, 3).tag(10, 4)],
  ["field 0", () => writer.reset().tag(0, 0).varint(1)],
  ["a wire type that does not exist", () => writer.reset().tag(9, 7)],
])("%s is no message", (_, write) => {
  expect(readSegment(write().bytes)).toBeUndefined();
});
