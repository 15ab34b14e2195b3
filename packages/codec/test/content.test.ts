import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  type Content,
  decodeContentFrame,
  defineContentType,
  encodeContentFrame,
  file,
  isFile,
  isText,
  isUnsupported,
  SUPPLIED_TYPES,
  text,
} from "../src/index.ts";
import { mutations } from "./arbitraries.ts";

const wellFormed = fc.string({ unit: "binary" });
const contents: fc.Arbitrary<Content> = fc.oneof(
  wellFormed.map(text),
  fc.record({ name: wellFormed, mediaType: wellFormed, bytes: fc.uint8Array() }).map(file),
);

type Poll = { readonly kind: "poll"; readonly question: string; readonly choices: number };

/** Question as UTF-8 after one byte for the number of choices. Throws for an empty payload, as applications may. */
const pollType = defineContentType<Poll>({
  kind: "poll",
  domainId: 70_000,
  tag: 3,
  encode: ({ question, choices }) => Uint8Array.of(choices, ...new TextEncoder().encode(question)),
  decode: (payload) => {
    if (payload.length === 0) throw new RangeError("no choices");
    const [choices = 0] = payload;
    return choices < 2 ? undefined : { kind: "poll", choices, question: new TextDecoder().decode(payload.subarray(1)) };
  },
});
const types = [...SUPPLIED_TYPES, pollType] as const;
const poll: Poll = { kind: "poll", question: "Tea?", choices: 2 };

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
    const received = decodeContentFrame(encodeContentFrame(poll, types), types);
    expect(received).toEqual(poll);
    // Compiles only because the list gives the type of what may come back.
    if (received.kind === "poll") expect(received.choices).toBe(2);
  });

  test("are kept where they are not, and can be passed on", () => {
    const frame = encodeContentFrame(poll, types);
    const received = decodeContentFrame(frame);
    expect(received).toEqual({ kind: "unsupported", domainId: 70_000, tag: 3, payload: pollType.encode(poll) });
    expect(encodeContentFrame(received)).toEqual(frame);
    expect(decodeContentFrame(encodeContentFrame(received), types)).toEqual(poll);
  });

  test.each([
    ["undefined", [1]],
    ["an exception", []],
  ])("whose decode answers with %s leave the payload unsupported", (_case, payload) => {
    const frame = encodeContentFrame({
      kind: "unsupported",
      domainId: 70_000,
      tag: 3,
      payload: Uint8Array.from(payload),
    });
    expect(decodeContentFrame(frame, types)).toEqual({
      kind: "unsupported",
      domainId: 70_000,
      tag: 3,
      payload: Uint8Array.from(payload),
    });
  });

  test.each([
    ["kind", { kind: "" as "poll" }],
    ["kind", { kind: "unsupported" as "poll" }],
    ["domainId", { domainId: 0 }],
    ["tag", { tag: 2 ** 32 }],
  ])("with a bad %s cannot be defined", (name, change) => {
    expect(() => defineContentType({ ...pollType, ...change })).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION", message: expect.stringContaining(name) }),
    );
  });
});

describe("bytes from anybody", () => {
  test("are content, never an exception, and what is unsupported loses nothing", () => {
    const valid = encodeContentFrame(file({ name: "a", mediaType: "b", bytes: Uint8Array.of(1, 2, 3) }));
    const property = fc.property(fc.oneof(fc.uint8Array(), mutations(valid)), (bytes) => {
      const content = decodeContentFrame(bytes);
      if (!isUnsupported(content)) return expect(["text", "file"]).toContain(content.kind);
      expect(decodeContentFrame(encodeContentFrame(content))).toEqual(content);
      if (content.domainId === 0) expect(content.payload).toEqual(bytes);
    });
    fc.assert(property, { numRuns: 300 });
  });

  test("of a text that is not UTF-8 are unsupported", () => {
    const payload = Uint8Array.of(0x0a, 2, 0xff, 0xfe);
    const frame = { kind: "unsupported", domainId: 25_448, tag: 1, payload } as const;
    expect(decodeContentFrame(encodeContentFrame(frame))).toEqual(frame);
  });

  test("stay what they are when the message they came in is overwritten", () => {
    const frame = encodeContentFrame(file({ name: "a", mediaType: "b", bytes: Uint8Array.of(1, 2, 3) }));
    const [known, unknown] = [decodeContentFrame(frame), decodeContentFrame(frame, [])];
    frame.fill(0);
    expect(known).toMatchObject({ bytes: Uint8Array.of(1, 2, 3) });
    expect(encodeContentFrame(unknown)).not.toEqual(frame);
  });
});
