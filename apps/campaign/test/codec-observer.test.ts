import { expect, test } from "@jest/globals";
import { type Capture, type Captured, capture } from "../src/codec/capture.ts";
import { observe } from "../src/codec/observer.ts";
import { freshSeed } from "../src/cut-down.ts";
import { Random } from "../src/random.ts";

test.each([20_261_123, freshSeed()])(
  "an observer of 2,000 messages of 10 conversations finds no name, no repeat, no telling size or byte (seed %i)",
  (seed) => {
    const counts = observe(capture(new Random(seed, 0), 10, 2_000));
    expect(counts).toMatchObject({ messages: 2_000, windows: expect.any(Number) });
    expect(counts.firstMessages).toBeGreaterThanOrEqual(10);
  },
);

const honest = capture(new Random(1, 1), 6, 1_500);
const changed = (change: (message: Captured, index: number) => Captured): Capture => ({
  ...honest,
  messages: honest.messages.map(change),
});
const withEnvelope = (message: Captured, envelope: Uint8Array): Captured => ({ ...message, bytes: envelope, envelope });
/** hint, nonce and 3 + 1 bytes of headers before it. */
const SEALED_AT = 2 + 10 + 14 + 3;

test.each([
  [
    "an account key in one message",
    changed((message, index) => (index === 5 ? withName(message, honest.names[0]) : message)),
    /name/,
  ],
  [
    "eight bytes that all messages have",
    changed((message) => edited(message, (bytes) => bytes.fill(7, SEALED_AT + 40, SEALED_AT + 48))),
    /eight bytes/,
  ],
  [
    "a counter of four bytes",
    changed((message, index) =>
      edited(message, (bytes) => new DataView(bytes.buffer).setUint32(SEALED_AT + 4, index >> 1)),
    ),
    /in place/,
  ],
  [
    "one byte longer for 100 characters",
    changed((message) =>
      message.truth.what === "100" ? { ...message, bytes: Uint8Array.of(...message.bytes, 0) } : message,
    ),
    /lengths/,
  ],
  [
    "a bit that is never set",
    changed((message) =>
      edited(message, (bytes) => {
        bytes[SEALED_AT + 9] = (bytes[SEALED_AT + 9] ?? 0) & 127;
      }),
    ),
    /uniform/,
  ],
  [
    "keys in first messages alone",
    changed((message) => (message.truth.isFirst ? message : { ...message, envelope: withoutKey(message.envelope) })),
    /without a key/,
  ],
])("the observer does find %s", (_leak, leaky, found) => {
  expect(() => observe(leaky)).toThrow(found);
});

function edited(message: Captured, edit: (envelope: Uint8Array) => void): Captured {
  const envelope = message.envelope.slice();
  edit(envelope);
  return withEnvelope(message, envelope);
}

/** The key is the last field, behind its header of two bytes. */
function withoutKey(envelope: Uint8Array): Uint8Array {
  return envelope.subarray(0, envelope.length - 34);
}

function withName(message: Captured, name: Uint8Array = new Uint8Array(32)): Captured {
  return { ...message, bytes: Uint8Array.of(...message.bytes, ...name) };
}
