/** Payloads from 1 MiB on are assembled in place: held once, not in pieces and then whole. */
import { describe, expect, test } from "@jest/globals";
import { Reassembler, Segmenter } from "../src/index.ts";

const MIB = 2 ** 20;
const OPTIONS = { maxMessageSize: 50_000 } as const;
const AT_0 = { nowMs: 0 };

/** Cheap bytes that differ everywhere. */
function largePayload(length: number): Uint8Array {
  const words = Uint32Array.from({ length: Math.ceil(length / 4) }, (_, index) => Math.imul(index + 1, 0x9e3779b1));
  return new Uint8Array(words.buffer, 0, length);
}

function everyOther<Item>(items: readonly Item[]): Item[] {
  const even = items.filter((_, index) => index % 2 === 0);
  return [...even, ...items.filter((_, index) => index % 2 === 1)];
}

const payload = largePayload(3 * MIB + 77);
const messages = [...new Segmenter(OPTIONS).segment(payload)];

function completeOf(reassembler: Reassembler, received: readonly Uint8Array[]): Uint8Array | undefined {
  for (const message of received) {
    const result = reassembler.accept(message, AT_0);
    if (result.kind === "complete") return result.payload;
  }
  return undefined;
}

function expectEqual(actual: Uint8Array | undefined): void {
  expect(actual?.length).toBe(payload.length);
  expect(Buffer.from(actual ?? []).equals(payload)).toBe(true);
}

describe("a large payload", () => {
  test("is whole whatever the order", () => {
    for (const received of [messages, messages.toReversed(), everyOther(messages)]) {
      const reassembler = new Reassembler(OPTIONS);
      expectEqual(completeOf(reassembler, received));
      expect(reassembler.bufferedBytes).toBe(0);
    }
  });

  test("is whole with every eighth segment lost", () => {
    const lossy = messages.filter((_, index) => index % 8 !== 3);
    expectEqual(completeOf(new Reassembler(OPTIONS), lossy));
    expectEqual(completeOf(new Reassembler(OPTIONS), everyOther(lossy).toReversed()));
  });

  test("counts in full from a quarter on, and never less than is held", () => {
    const reassembler = new Reassembler({ ...OPTIONS, wrap: "always" });
    let received = 0;
    let countedInFullAt: number | undefined;
    for (const message of messages.slice(0, 60)) {
      reassembler.accept(message, AT_0);
      received += 49_920;
      expect(reassembler.bufferedBytes).toBeGreaterThan(received);
      if (reassembler.bufferedBytes > payload.length) countedInFullAt ??= received;
    }
    expect(countedInFullAt).toBeGreaterThanOrEqual(payload.length / 4);
    expect(countedInFullAt).toBeLessThan(payload.length / 4 + 50_000);
    expect(reassembler.bufferedBytes).toBeLessThan(payload.length + 60_000);
  });

  test("is not assembled in place where the bound on memory has room for the pieces only", () => {
    const { length: total } = messages;
    const maxBufferedBytes = payload.length + 4 * MIB;
    const tight = payload.length + 100_000;
    for (const bound of [maxBufferedBytes, tight]) {
      const reassembler = new Reassembler({ ...OPTIONS, maxBufferedBytes: bound });
      let most = 0;
      let whole: Uint8Array | undefined;
      for (const message of everyOther(messages).slice(0, total)) {
        const result = reassembler.accept(message, AT_0);
        most = Math.max(most, reassembler.bufferedBytes);
        if (result.kind === "complete" && whole === undefined) whole = result.payload;
      }
      expectEqual(whole);
      expect(most).toBeLessThanOrEqual(bound);
    }
  });
});
