import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { decodePrivateFrame, encodePrivateFrame } from "../src/index.ts";
import { mutations } from "./arbitraries.ts";

const MAX_DATE_MS = 8_640_000_000_000_000;
const times = fc.integer({ min: 0, max: MAX_DATE_MS });
const contents = fc.uint8Array({ maxLength: 300 }).map((content) => ({ kind: "content", content }) as const);

test("a frame comes back as it was", () => {
  const property = fc.property(times, contents, (timestampMs, body) => {
    expect(decodePrivateFrame(encodePrivateFrame({ timestampMs, body }))).toEqual({ timestampMs, body });
  });
  fc.assert(property);
});

test("frames of a newer version, and placeholders, are unknown and lose nothing", () => {
  for (const [member, bytes] of [
    [11, [8, 7, 0x5a, 0]],
    [29, [8, 7, 0xea, 0x01, 2, 1, 1]],
    [0, [8, 7]],
  ] as const) {
    const frame = Uint8Array.from(bytes);
    expect(decodePrivateFrame(frame)).toEqual({ timestampMs: 7, body: { kind: "unknown", member, frame } });
  }
});

test("a renewal comes back as it was, and one of wrong lengths is unknown", () => {
  const bundle = {
    installationKey: new Uint8Array(32).fill(1),
    ephemeralKey: new Uint8Array(32).fill(2),
    signature: new Uint8Array(64).fill(3),
  };
  for (const sent of [bundle, { ...bundle, kemKey: new Uint8Array(1_184).fill(4) }]) {
    const body = { kind: "renewal", bundle: sent } as const;
    expect(decodePrivateFrame(encodePrivateFrame({ timestampMs: 7, body }))).toEqual({ timestampMs: 7, body });
  }
  const short = Uint8Array.of(8, 7, 0xa2, 0x01, 2, 0x0a, 0);
  expect(decodePrivateFrame(short)).toMatchObject({ body: { kind: "unknown", member: 20 } });
});

test("a resume and its answer come back as they were", () => {
  for (const body of [
    { kind: "resume", receivedUntilMs: 0, sentUntilMs: MAX_DATE_MS, noticedAtMs: 3 },
    { kind: "resumed", resent: 3, unavailable: 0, known: 2 ** 32 - 1 },
  ] as const) {
    expect(decodePrivateFrame(encodePrivateFrame({ timestampMs: 7, body }))).toEqual({ timestampMs: 7, body });
  }
  const body = { kind: "resume", receivedUntilMs: MAX_DATE_MS + 1, sentUntilMs: 0, noticedAtMs: 0 } as const;
  expect(() => encodePrivateFrame({ timestampMs: 7, body })).toThrow(
    expect.objectContaining({ code: "INVALID_OPTION" }),
  );
  // The same on the wire.
  const tooLate = Uint8Array.of(8, 7, 0xaa, 0x01, 11, 8, ...new Uint8Array(8).fill(0xff), 1, 0);
  expect(decodePrivateFrame(tooLate.slice(0, 15))).toBeUndefined();
  const wire = Uint8Array.of(8, 7, 0xaa, 0x01, 10, 8, ...new Uint8Array(8).fill(0xff), 0x7f);
  expect(decodePrivateFrame(wire)).toMatchObject({ body: { kind: "unknown", member: 21 } });
});

test("a cancellation comes back as it was, and one of other lengths is none", () => {
  const payloadHash = new Uint8Array(32).fill(5);
  for (const sdsIds of [[], ["0f".repeat(16), "a0".repeat(16)]]) {
    const body = { kind: "cancelled", payloadHash, sdsIds } as const;
    expect(decodePrivateFrame(encodePrivateFrame({ timestampMs: 7, body }))).toEqual({ timestampMs: 7, body });
  }
  const partsOnly = { kind: "cancelled", payloadHash: new Uint8Array(), sdsIds: ["0f".repeat(16)] } as const;
  expect(decodePrivateFrame(encodePrivateFrame({ timestampMs: 7, body: partsOnly }))).toEqual({
    timestampMs: 7,
    body: partsOnly,
  });
  const refused = expect.objectContaining({ code: "INVALID_OPTION" });
  expect(() => encodePrivateFrame({ timestampMs: 7, body: { ...partsOnly, sdsIds: [] } })).toThrow(refused);
  const short = { kind: "cancelled", payloadHash: new Uint8Array(31), sdsIds: [] } as const;
  expect(() => encodePrivateFrame({ timestampMs: 7, body: short })).toThrow(refused);
  const many = { kind: "cancelled", payloadHash, sdsIds: Array(1_025).fill("00".repeat(16)) } as const;
  expect(() => encodePrivateFrame({ timestampMs: 7, body: many })).toThrow(refused);
  // The same on the wire: a hash of one byte, and an id of one.
  const ofOneByte = Uint8Array.of(8, 7, 0xf2, 0x01, 3, 0x0a, 1, 5);
  expect(decodePrivateFrame(ofOneByte)).toMatchObject({ body: { kind: "unknown", member: 30 } });
  const oddId = Uint8Array.of(8, 7, 0xf2, 0x01, 37, 0x0a, 32, ...payloadHash, 0x12, 1, 5);
  expect(decodePrivateFrame(oddId)).toMatchObject({ body: { kind: "unknown", member: 30 } });
});

test("a time that no Date can hold is malformed", () => {
  const latest = encodePrivateFrame({
    timestampMs: MAX_DATE_MS,
    body: { kind: "content", content: new Uint8Array(0) },
  });
  expect(decodePrivateFrame(latest)?.timestampMs).toBe(MAX_DATE_MS);
  expect(decodePrivateFrame(Uint8Array.of(8, ...new Uint8Array(9).fill(0xff), 1))).toBeUndefined();
});

test.each([-1, 0.5, Number.NaN, MAX_DATE_MS + 1])("%d is not a time to send", (timestampMs) => {
  const body = { kind: "content", content: new Uint8Array(0) } as const;
  expect(() => encodePrivateFrame({ timestampMs, body })).toThrow(
    expect.objectContaining({ name: "CodecError", code: "INVALID_OPTION" }),
  );
});

test("bytes from anybody are a frame or nothing", () => {
  const valid = encodePrivateFrame({ timestampMs: 1, body: { kind: "content", content: new Uint8Array(30).fill(4) } });
  const property = fc.property(fc.oneof(fc.uint8Array(), mutations(valid)), (bytes) => {
    expect([undefined, "content", "renewal", "resume", "resumed", "cancelled", "unknown"]).toContain(
      decodePrivateFrame(bytes)?.body.kind,
    );
  });
  fc.assert(property, { numRuns: 300 });
});
