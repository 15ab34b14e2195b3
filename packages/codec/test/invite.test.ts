import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { CodecError, encodeInvite, inviteSigningInput, parseInvite } from "../src/index.ts";
import { checks } from "./checks.ts";
import { fromHex, loadVectors, toHex } from "./vectors.ts";

const { intro_bundle: vector } = loadVectors();
const bundle = {
  installationKey: fromHex(vector.installation_public),
  ephemeralKey: fromHex(vector.ephemeral_public),
  signature: fromHex(vector.signature),
};
const invite = vector.encoded;

const inviteError = (message?: RegExp) =>
  expect.objectContaining({
    name: "CodecError",
    code: "INVALID_INVITE",
    ...(message && { message: expect.stringMatching(message) }),
  });

describe("vectors", () => {
  test("the bundle becomes the link, and the link the bundle", () => {
    expect(toHex(inviteSigningInput(bundle.ephemeralKey))).toBe(vector.signed_message);
    expect(encodeInvite(bundle)).toBe(invite);
    expect(parseInvite(invite, checks)).toEqual(bundle);
  });

  test.each(vector.also_valid)("accepted: $case", ({ encoded }) => {
    expect(parseInvite(encoded, checks)).toEqual(bundle);
  });

  test.each(vector.invalid)("refused: $case", ({ encoded }) => {
    expect(() => parseInvite(encoded, checks)).toThrow(inviteError());
  });
});

test("an invite has 197 characters, all printable ASCII without any that URLs change", () => {
  expect(invite).toHaveLength(197);
  expect(encodeURIComponent(invite)).toBe(invite);
});

describe("what people paste", () => {
  test.each([
    ["white space around it", ` \n\t${invite}\r\n`],
    ["the fragment of a web page", `https://chat.example/join?lang=en#${invite}`],
    ["the fragment of an app's own scheme", `chat:#${invite}`],
    ["a fragment with white space around", `\thttps://chat.example/#${invite} \n`],
  ])("%s", (_case, link) => {
    expect(parseInvite(link, checks)).toEqual(bundle);
  });

  test.each([
    ["nothing", "", /ask for it again/],
    ["something else", "https://chat.example/", /want a link with "logos_chatintro_1_"/],
    ["a later version", invite.replace("_1_", "_27_"), /update the program/],
    ["a cut link", invite.slice(0, 100), /cut off/],
    ["a link without its last character", invite.slice(0, -1), /cut off/],
    ["only the prefix", "logos_chatintro_1_", /cut off/],
    ["a sentence after it", `${invite} see you there`, /copy the whole link/],
    ["a novel", "x".repeat(100_000), /100000 characters/],
  ])("%s says what to do", (_case, link, message) => {
    expect(() => parseInvite(link, checks)).toThrow(inviteError(message));
  });

  // The framing of the three fields is not signed, and protobuf-es forgives some of it, such as a wrong wire type.
  test("any other character anywhere makes it invalid or leaves keys and signature as they were", () => {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const position = fc.integer({ min: 0, max: invite.length - 1 });
    const property = fc.property(position, fc.constantFrom(...alphabet), (at, character) => {
      fc.pre(invite[at] !== character);
      const changed = invite.slice(0, at) + character + invite.slice(at + 1);
      expect([bundle, "INVALID_INVITE"]).toContainEqual(bundleOrCode(changed));
    });
    fc.assert(property, { numRuns: 300 });
  });

  test("any text at all is an invite or an INVALID_INVITE", () => {
    const text = fc.oneof(
      fc.string(),
      fc.string().map((tail) => `logos_chatintro_1_${tail}`),
    );
    fc.assert(fc.property(text, (link) => expect(() => parseInvite(link, checks)).toThrow(inviteError())));
  });
});

test("keys that the ratchet would refuse are refused", () => {
  const refusing = { ...checks, isValidPublicKey: (key: Uint8Array) => toHex(key) !== vector.ephemeral_public };
  expect(() => parseInvite(invite, refusing)).toThrow(inviteError(/ask for it again/));
});

test("a bundle with a key of the wrong length cannot be encoded", () => {
  expect(() => encodeInvite({ ...bundle, ephemeralKey: new Uint8Array(31) })).toThrow(
    expect.objectContaining({ code: "INVALID_OPTION", message: "ephemeralKey: want 32 bytes, got 31" }),
  );
});

function bundleOrCode(link: string): unknown {
  try {
    return parseInvite(link, checks);
  } catch (error) {
    return error instanceof CodecError ? error.code : error;
  }
}
