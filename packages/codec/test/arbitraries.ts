/**
 * Valid values of the wire formats for property tests.
 * @module
 */
import fc from "fast-check";
import type { EncryptedPayload, RatchetFields } from "../src/index.ts";

export const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

const uint32 = fc.oneof(fc.nat({ max: 300 }), fc.integer({ min: 0, max: 0xffffffff }));

const message: fc.Arbitrary<RatchetFields> = fc.record({
  dh: bytes(32),
  messageNumber: uint32,
  previousChainLength: uint32,
  ciphertext: fc.oneof(
    fc.uint8Array({ minLength: 28, maxLength: 100 }),
    fc.uint8Array({ minLength: 300, maxLength: 2_000 }),
  ),
});

export const payloads: fc.Arbitrary<EncryptedPayload> = fc.oneof(
  fc.record({ kind: fc.constant("ratchet" as const), message }),
  fc.record({ kind: fc.constant("handshake" as const), initiator: bytes(32), ephemeral: bytes(32), message }),
  fc.record({
    kind: fc.constant("handshake" as const),
    initiator: bytes(32),
    ephemeral: bytes(32),
    kemCiphertext: bytes(1_088),
    message,
  }),
);

export const ephemerals = fc.oneof(bytes(0), bytes(32));

/** A changed copy: bytes replaced, cut off, repeated or appended. */
export function mutations(original: Uint8Array): fc.Arbitrary<Uint8Array> {
  const at = fc.nat({ max: original.length });
  return fc.oneof(
    fc
      .array(fc.tuple(fc.nat({ max: Math.max(0, original.length - 1) }), fc.nat({ max: 255 })), { minLength: 1 })
      .map((edits) => {
        const copy = original.slice();
        for (const [index, value] of edits) copy[index] = value;
        return copy;
      }),
    at.map((end) => original.slice(0, end)),
    at.map((start) => Uint8Array.of(...original, ...original.slice(start))),
    fc.uint8Array({ maxLength: 20 }).map((tail) => Uint8Array.of(...original, ...tail)),
  );
}
