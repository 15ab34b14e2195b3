import { describe, expect, test } from "@jest/globals";
import {
  createContentRegistry,
  decodeContentFrame,
  deletion,
  displayText,
  edit,
  encodeContentFrame,
  file,
  json,
  reaction,
  readReceipt,
  reply,
  typing,
} from "../src/index.ts";

const id = "00112233445566778899aabbccddeeff";
const idBytes = [0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff];
const ascii = (text: string) => [...new TextEncoder().encode(text)];
/** A frame of domain 25,448 written by hand. */
const frame = (tag: number, payload: readonly number[], fallback: readonly number[]) => [
  ...[0x08, 0xe8, 0xc6, 0x01, 0x10, tag, 0x1a, payload.length, ...payload],
  ...(fallback.length > 0 ? [0x22, fallback.length, ...fallback] : []),
];

test.each([
  ["reply", reply(id, "yes"), frame(3, [0x0a, 16, ...idBytes, 0x12, 3, ...ascii("yes")], ascii("yes"))],
  ["reaction", reaction(id, "👍"), frame(4, [0x0a, 16, ...idBytes, 0x12, 4, ...ascii("👍")], ascii("👍"))],
  [
    "reaction that is taken back, which shows nothing where it is unknown",
    reaction(id, "👍", { isRemoved: true }),
    frame(4, [0x0a, 16, ...idBytes, 0x12, 4, ...ascii("👍"), 0x18, 1], []),
  ],
  ["edit", edit(id, "no"), frame(5, [0x0a, 16, ...idBytes, 0x12, 2, ...ascii("no")], ascii("✎ no"))],
  ["delete", deletion(id), frame(6, [0x0a, 16, ...idBytes], [])],
  ["read receipt", readReceipt([id, id]), frame(7, [0x0a, 16, ...idBytes, 0x0a, 16, ...idBytes], [])],
  ["typing", typing(), frame(8, [], []).concat()],
  ["end of typing", typing({ isStopped: true }), frame(8, [0x08, 1], [])],
  ["json", json("a", { b: [1] }), frame(9, [0x0a, 1, 0x61, 0x12, 9, ...ascii('{"b":[1]}')], [])],
  [
    "file with a thumbnail",
    file({
      name: "a",
      mediaType: "b",
      bytes: Uint8Array.of(1),
      thumbnail: { mediaType: "c", bytes: Uint8Array.of(2) },
    }),
    frame(2, [0x0a, 1, 0x61, 0x12, 1, 0x62, 0x1a, 1, 1, 0x22, 6, 0x0a, 1, 0x63, 0x12, 1, 2], ascii("a")),
  ],
])("a %s on the wire is what the schema says", (_name, content, expected) => {
  // An empty payload is left out.
  const wire = expected.join().replace(",26,0", "").split(",").map(Number);
  expect([...encodeContentFrame(content)]).toEqual(wire);
  expect(decodeContentFrame(Uint8Array.from(wire))).toEqual(content);
});

test("a program that knows none of them shows what the sender offers instead, and can pass everything on", () => {
  const bare = createContentRegistry([]);
  for (const [content, shown] of [
    [reply(id, "yes"), "yes"],
    [reaction(id, "👍"), "👍"],
    [edit(id, "no"), "✎ no"],
    [deletion(id), ""],
    [typing(), ""],
  ] as const) {
    const sent = encodeContentFrame(content);
    const received = bare.decode(sent);
    expect(received).toMatchObject({ kind: "unsupported", reason: "unknown-type", fallback: shown });
    expect(bare.encode(received)).toEqual(sent);
  }
});

describe("what the receiver's screen would show wrongly", () => {
  test("a name of a file cannot turn around: no bidirectional override survives", () => {
    const sneaky = frame(2, [0x0a, 11, ...ascii("x\u202egpj.exe")], []);
    expect(decodeContentFrame(Uint8Array.from(sneaky))).toMatchObject({ kind: "file", name: "xgpj.exe" });
    expect(file({ name: "x\u202egpj.exe", mediaType: "", bytes: new Uint8Array(0) }).name).toBe("xgpj.exe");
  });

  test("a fallback has no controls and ends after 300 characters", () => {
    const fallback = `\u2067\u001b[31m${"🙂".repeat(1_000)}`;
    const long = { kind: "unsupported", reason: "unknown-type", domain: 9, tag: 9, version: 1 } as const;
    const received = decodeContentFrame(encodeContentFrame({ ...long, payload: new Uint8Array(0), fallback }));
    expect(received).toMatchObject({ fallback: `[31m${"🙂".repeat(296)}` });
  });

  test.each([
    ["nothing", ""],
    ["white space", "  "],
    ["an override", "\u202e"],
    ["a novel", "x".repeat(10_000)],
  ])("a reaction with %s is malformed, and cannot be made", (_case, emoji) => {
    const encoded = ascii(emoji);
    const length = encoded.length < 128 ? [encoded.length] : [(encoded.length & 127) | 128, encoded.length >> 7];
    const payload = Uint8Array.from([0x0a, 16, ...idBytes, 0x12, ...length, ...encoded]);
    const sent = { kind: "unsupported", reason: "malformed", domain: 25_448, tag: 4, version: 1, payload } as const;
    expect(decodeContentFrame(encodeContentFrame({ ...sent, fallback: "" }))).toMatchObject({ reason: "malformed" });
    expect(() => reaction(id, emoji)).toThrow(expect.objectContaining({ code: "INVALID_CONTENT" }));
  });

  test("cleaning text twice is cleaning it once", () => {
    const text = `a\u0000b\u202ec\td\ne\ud83d`;
    expect(displayText(text, 100)).toBe("abc\td\ne\ufffd");
    expect(displayText(displayText(text, 100), 100)).toBe(displayText(text, 100));
    expect(displayText("🙂🙂🙂", 2)).toBe("🙂🙂");
  });
});

test.each([
  ["an id of 15 bytes", [0x0a, 15, ...idBytes.slice(1)]],
  ["no id", []],
])("about a message with %s: malformed", (_case, payload) => {
  for (const tag of [3, 4, 5, 6, 7]) {
    expect(decodeContentFrame(Uint8Array.from(frame(tag, payload, [])))).toMatchObject({ reason: "malformed" });
  }
});

test.each([
  ["not JSON", "{"],
  ["an array 65 deep", "[".repeat(65) + "]".repeat(65)],
])("JSON that is %s is malformed", (_case, value) => {
  const payload = [0x0a, 1, 0x61, 0x12, ...(value.length < 128 ? [value.length] : [130, 1]), ...ascii(value)];
  const length = payload.length < 128 ? [payload.length] : [(payload.length & 127) | 128, payload.length >> 7];
  const bytes = [0x08, 0xe8, 0xc6, 0x01, 0x10, 9, 0x1a, ...length, ...payload];
  expect(decodeContentFrame(Uint8Array.from(bytes))).toMatchObject({ reason: "malformed" });
});

test("brackets in strings are not depth", () => {
  const content = json("a", `${"[".repeat(1_000)}\\"[`);
  expect(decodeContentFrame(encodeContentFrame(content))).toEqual(content);
});

test("what cannot be sent is refused before", () => {
  const invalid = expect.objectContaining({ name: "CodecError", code: "INVALID_CONTENT" });
  const cycle: { self?: object } = {};
  cycle.self = cycle;
  for (const value of [Object(cycle), Object(1n), undefined]) expect(() => json("a", value)).toThrow(invalid);
  expect(() => json("", 1)).toThrow(invalid);
  for (const make of [reply, edit]) expect(() => make("abc", "text")).toThrow(invalid);
  expect(() => deletion(id.toUpperCase())).toThrow(invalid);
  expect(() => readReceipt([])).toThrow(invalid);
  expect(() => readReceipt(Array.from({ length: 1_001 }, () => id))).toThrow(invalid);
});
