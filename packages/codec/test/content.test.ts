import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  type Content,
  type ContentTypeDefinition,
  createContentRegistry,
  decodeContentFrame,
  defineContentType,
  deletion,
  edit,
  encodeContentFrame,
  file,
  isFile,
  isText,
  isUnsupported,
  type JsonValue,
  json,
  reaction,
  readReceipt,
  reply,
  SUPPLIED_TYPES,
  text,
  typing,
} from "../src/index.ts";
import { mutations } from "./arbitraries.ts";
import { toHex } from "./vectors.ts";

const wellFormed = fc.string({ unit: "binary", maxLength: 40 });
const ids = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(toHex);
const emojis = fc.constantFrom("👍", "❤️", "👩🏽‍🚀", "🏴󠁧󠁢󠁳󠁣󠁴󠁿");
const contents: fc.Arbitrary<Content> = fc.oneof(
  wellFormed.map(text),
  fc.record({ name: wellFormed, mediaType: wellFormed, bytes: fc.uint8Array() }).map(file),
  fc.tuple(ids, wellFormed).map(([id, value]) => reply(id, value)),
  fc.tuple(ids, wellFormed).map(([id, value]) => edit(id, value)),
  fc.tuple(ids, emojis, fc.boolean()).map(([id, emoji, isRemoved]) => reaction(id, emoji, { isRemoved })),
  ids.map(deletion),
  fc.array(ids, { minLength: 1, maxLength: 20 }).map(readReceipt),
  fc.boolean().map((isStopped) => typing({ isStopped })),
  fc
    .tuple(fc.string({ minLength: 1, maxLength: 20 }), fc.jsonValue({ maxDepth: 5 }))
    .map(([name, value]) => json(name, { value: value as JsonValue })),
);

type Poll = { readonly question: string; readonly choices: number };

/** Question as UTF-8 after one byte for the number of choices. Throws for an empty payload, as applications may. */
const definition: ContentTypeDefinition<"poll", Poll> = {
  kind: "poll",
  domain: 70_000,
  tag: 3,
  encode: ({ question, choices }) => Uint8Array.of(choices, ...new TextEncoder().encode(question)),
  decode: (payload) => {
    if (payload.length === 0) throw new RangeError("no choices");
    const [choices = 0] = payload;
    return choices < 2 ? undefined : { choices, question: new TextDecoder().decode(payload.subarray(1)) };
  },
  fallback: ({ question }) => `Poll: ${question}`,
};
const pollType = defineContentType(definition);
const registry = createContentRegistry([...SUPPLIED_TYPES, pollType]);
const poll = pollType.create({ question: "Tea?", choices: 2 });
const unknownPoll = {
  kind: "unsupported",
  reason: "unknown-type",
  domain: 70_000,
  tag: 3,
  version: 1,
  payload: pollType.encode(poll),
  fallback: "Poll: Tea?",
} as const;

test("supplied contents come back as they were", () => {
  fc.assert(
    fc.property(contents, (content) => expect(decodeContentFrame(encodeContentFrame(content))).toEqual(content)),
  );
});

test("a guard opens the fields of its type", () => {
  const received = decodeContentFrame(encodeContentFrame(text("hello")));
  expect(isText(received) && received.text).toBe("hello");
  expect([isFile(received), isUnsupported(received)]).toEqual([false, false]);
  const picture = decodeContentFrame(
    encodeContentFrame(file({ name: "cat.png", mediaType: "image/png", bytes: Uint8Array.of(1, 2) })),
  );
  expect(isFile(picture) && [picture.name, picture.mediaType, picture.bytes]).toEqual([
    "cat.png",
    "image/png",
    Uint8Array.of(1, 2),
  ]);
});

test("a text on the wire is ContentFrame { 25448, 1, Text { body } }", () => {
  const expected = [0x08, 0xe8, 0xc6, 0x01, 0x10, 1, 0x1a, 4, 0x0a, 2, 0x68, 0x69];
  expect([...encodeContentFrame(text("hi"))]).toEqual(expected);
});

test("half a surrogate pair, as a cut string ends with, does not stop a message", () => {
  const cut = "🙂".slice(0, 1);
  expect(text(`smile ${cut}`).text).toBe("smile \ufffd");
  expect(file({ name: cut, mediaType: cut, bytes: new Uint8Array(0) })).toMatchObject({
    name: "\ufffd",
    mediaType: "\ufffd",
  });
});

test("what is not text or a file is refused before it is sent", () => {
  const invalid = expect.objectContaining({ name: "CodecError", code: "INVALID_CONTENT" });
  expect(() => text(Object(7))).toThrow(invalid);
  expect(() => file({ name: "a", mediaType: "b", bytes: Object("c") })).toThrow(invalid);
  expect(() => encodeContentFrame(Object(poll))).toThrow(invalid);
});

describe("types of an application", () => {
  test("come back where they are known", () => {
    const received = registry.decode(registry.encode(poll));
    expect(received).toEqual(poll);
    // Compiles only because the list gives the type of what may come back.
    if (received.kind === "poll") expect(received.choices).toBe(2);
  });

  test("are kept where they are not, and can be passed on", () => {
    const frame = registry.encode(poll);
    const received = decodeContentFrame(frame);
    expect(received).toEqual(unknownPoll);
    expect(encodeContentFrame(received)).toEqual(frame);
    expect(registry.decode(encodeContentFrame(received))).toEqual(poll);
  });

  test.each([
    ["undefined", [1]],
    ["an exception", []],
  ])("whose decode answers with %s leave the payload unsupported", (_case, payload) => {
    const broken = { ...unknownPoll, payload: Uint8Array.from(payload) };
    expect(registry.decode(encodeContentFrame(broken))).toEqual({ ...broken, reason: "malformed" });
  });

  test("of a newer version are unsupported with what would be needed, and read by programs that have it", () => {
    const newer = defineContentType({ ...definition, version: 2 });
    const newerRegistry = createContentRegistry([...SUPPLIED_TYPES, newer]);
    const frame = newerRegistry.encode(poll);
    expect(registry.decode(frame)).toEqual({ ...unknownPoll, reason: "newer-version", version: 2 });
    expect(newerRegistry.decode(frame)).toEqual(poll);
    expect(newerRegistry.decode(registry.encode(poll))).toEqual(poll);
    expect(registry.encode(registry.decode(frame))).toEqual(frame);
  });

  test.each([
    ["a number", "7"],
    ["null", "null"],
    ["nothing", ""],
    ["a depth that recursion would not survive", "[".repeat(100_000)],
  ])("whose decode trusts JSON.parse cannot give %s as content", (_case, written) => {
    const careless = defineContentType({
      kind: "careless",
      domain: 70_000,
      tag: 4,
      encode: (_content: Poll) => new TextEncoder().encode(written),
      decode: (payload): Poll => JSON.parse(new TextDecoder().decode(payload)),
      fallback: () => "",
    });
    const careful = createContentRegistry([careless]);
    const received = careful.decode(careful.encode(careless.create(poll)));
    expect(received).toMatchObject({ kind: "unsupported", reason: "malformed" });
  });

  test("whose JSON says another kind keep their own", () => {
    const type = defineContentType({
      kind: "note",
      domain: 70_000,
      tag: 5,
      encode: () => new TextEncoder().encode('{"kind":"text","text":"hi"}'),
      decode: (payload): { text: string } => JSON.parse(new TextDecoder().decode(payload)),
      fallback: () => "",
    });
    const notes = createContentRegistry([type]);
    expect(notes.decode(notes.encode(type.create({ text: "hi" })))).toEqual({ kind: "note", text: "hi" });
  });

  test.each([
    ["kind", { ...definition, tag: 9 }],
    ["domain and tag", { ...definition, kind: "other" }],
  ])("of one %s cannot be in one registry", (name, twin) => {
    expect(() => createContentRegistry([pollType, defineContentType<string, Poll>(twin)])).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION", message: expect.stringContaining(name) }),
    );
  });

  test.each([
    ["kind", { kind: "" as "poll" }],
    ["kind", { kind: "unsupported" as "poll" }],
    ["domain", { domain: 0 }],
    ["version", { version: 1.5 }],
    ["tag", { tag: 2 ** 32 }],
  ])("with a bad %s cannot be defined", (name, change) => {
    expect(() => defineContentType({ ...definition, ...change })).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION", message: expect.stringContaining(name) }),
    );
  });
});

describe("bytes from anybody", () => {
  test("are content, never an exception, and what is unsupported loses nothing", () => {
    const valid = encodeContentFrame(file({ name: "a", mediaType: "b", bytes: Uint8Array.of(1, 2, 3) }));
    const property = fc.property(fc.oneof(fc.uint8Array(), mutations(valid)), (bytes) => {
      const content = decodeContentFrame(bytes);
      if (!isUnsupported(content)) return expect(SUPPLIED_TYPES.map(({ kind }) => kind)).toContain(content.kind);
      expect(decodeContentFrame(encodeContentFrame(content))).toEqual(content);
      if (content.reason === "unreadable") expect(content.payload).toEqual(bytes);
    });
    fc.assert(property, { numRuns: 300 });
  });

  test("of a text that is not UTF-8 are unsupported", () => {
    const payload = Uint8Array.of(0x0a, 2, 0xff, 0xfe);
    const frame = { ...unknownPoll, reason: "malformed", domain: 25_448, tag: 1, payload } as const;
    expect(decodeContentFrame(encodeContentFrame(frame))).toEqual(frame);
  });

  test("stay what they are when the message they came in is overwritten", () => {
    const frame = encodeContentFrame(file({ name: "a", mediaType: "b", bytes: Uint8Array.of(1, 2, 3) }));
    const [known, unknown] = [decodeContentFrame(frame), createContentRegistry([]).decode(frame)];
    frame.fill(0);
    expect(known).toMatchObject({ bytes: Uint8Array.of(1, 2, 3) });
    expect(isUnsupported(unknown) && unknown.payload.some((byte) => byte !== 0)).toBe(true);
  });
});
