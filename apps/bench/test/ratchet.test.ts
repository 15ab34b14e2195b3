import { createCrypto, createPortableCrypto } from "@chat/ratchet";
import { describe, expect, test } from "@jest/globals";
import { ratchet } from "../src/areas/ratchet.ts";
import { doubleRatchetTs } from "../src/ratchet/double-ratchet-ts.ts";
import { libsignal, libsignalHandshake } from "../src/ratchet/libsignal.ts";
import { openOlm } from "../src/ratchet/olm.ts";
import { openHandshake, ours } from "../src/ratchet/ours.ts";
import { twoKeyRatchet } from "../src/ratchet/two-key-ratchet.ts";

const plaintext = new Uint8Array(100).map((_, index) => index * 3);

// Each checks what it decrypts, so a side that was fast for nothing would throw.
describe.each([
  { side: "@chat/ratchet, node", open: ours(createCrypto()) },
  { side: "@chat/ratchet, portable", open: ours(createPortableCrypto()) },
  { side: "@signalapp/libsignal-client", open: libsignal },
  { side: "@matrix-org/olm", open: openOlm() },
  { side: "double-ratchet-ts", open: doubleRatchetTs },
  { side: "2key-ratchet", open: twoKeyRatchet },
])("$side", ({ open }) => {
  test("passes messages one way, then in turns, then one way again", async () => {
    const duo = await open(plaintext);
    const passed: unknown[] = [];
    for (const turn of [0, 0, 0, 1, 2, 3, 4, 5, 5, 6]) passed.push(await duo.pass(turn));
    expect(passed).toHaveLength(10);
  });
});

test("both handshakes end with a plaintext, and take some time", async () => {
  expect(openHandshake(createCrypto())()).toBeGreaterThan(0);
  expect(await libsignalHandshake()).toBeGreaterThan(0);
});

test("every case has a name of its own", () => {
  const names = ratchet.cases.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});
