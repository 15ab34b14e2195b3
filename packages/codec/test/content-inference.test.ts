import { expect, test } from "@jest/globals";
import {
  type ContentOf,
  createContentRegistry,
  defineContentType,
  type FileContent,
  type ReplyContent,
  SUPPLIED_TYPES,
  type TextContent,
  type UnsupportedContent,
} from "../src/index.ts";

/** True if the two are the same type, not only assignable. The type check of the repository is the test. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Flat<T> = { [K in keyof T]: T[K] };

const pollType = defineContentType({
  kind: "poll",
  domain: 70_000,
  tag: 1,
  decode: (payload) => ({ question: new TextDecoder().decode(payload), choices: ["yes", "no"] }),
  encode: ({ question }) => new TextEncoder().encode(question),
  fallback: ({ question, choices }) => `${question} (${choices.join(", ")})`,
});
const registry = createContentRegistry([...SUPPLIED_TYPES, pollType]);

test("the types of a content are those that its decode returns", () => {
  const poll = pollType.create({ question: "Tea?", choices: ["yes"] });
  const isInferred: Same<Flat<typeof poll>, { readonly kind: "poll"; question: string; choices: string[] }> = true;
  expect([isInferred, poll.kind]).toEqual([true, "poll"]);
  // @ts-expect-error choices are missing
  expect(pollType.create({ question: "Tea?" })).toEqual({ kind: "poll", question: "Tea?" });
});

test("what a registry may receive is the union of its types and unsupported content", () => {
  const received = registry.decode(registry.encode(pollType.create({ question: "Tea?", choices: ["yes", "no"] })));
  type Kinds = "poll" | (typeof SUPPLIED_TYPES)[number] extends never ? never : typeof received.kind;
  const kinds: Same<
    Kinds,
    | ("poll" | "text" | "file" | "reply" | "reaction" | "edit")
    | ("delete" | "readReceipt" | "typing" | "json" | "unsupported")
  > = true;
  expect(kinds).toBe(true);
  if (received.kind === "poll") {
    const choices: Same<typeof received.choices, string[]> = true;
    expect([choices, received.choices]).toEqual([true, ["yes", "no"]]);
  }
  expect.assertions(2);
});

test("a guard narrows, and the supplied contents have their names", () => {
  const received = registry.decode(registry.encode({ kind: "text", text: "hi" }));
  type Supplied = ContentOf<typeof SUPPLIED_TYPES>;
  const ofText: Same<Flat<Extract<Supplied, { kind: "text" }>>, Flat<TextContent>> = true;
  const ofFile: Same<Flat<Extract<Supplied, { kind: "file" }>>, Flat<FileContent>> = true;
  const ofReply: Same<Flat<Extract<Supplied, { kind: "reply" }>>, Flat<ReplyContent>> = true;
  const ofUnsupported: Same<Extract<Supplied, { kind: "unsupported" }>, UnsupportedContent> = true;
  expect([ofText, ofFile, ofReply, ofUnsupported]).toEqual([true, true, true, true]);
  expect(pollType.is(received)).toBe(false);
  // @ts-expect-error a registry sends only what it has a type for
  expect(() => registry.encode({ kind: "map" })).toThrow(expect.objectContaining({ code: "INVALID_CONTENT" }));
});
