import { describe, expect, test } from "@jest/globals";
import { keccak_256 } from "@noble/hashes/sha3.js";
import fc from "fast-check";
import { createKeccak256, type KeccakBackend, keccak256, keccakBackend } from "../../src/keccak.ts";

const all: readonly KeccakBackend[] = ["native", "wasm", "js"];
const present = all.filter((backend) => {
  try {
    return createKeccak256({ backend }) !== undefined;
  } catch {
    return false;
  }
});

function hashWith(backend: KeccakBackend, ...pieces: readonly Uint8Array[]): Uint8Array {
  const hash = createKeccak256({ backend });
  for (const piece of pieces) hash.update(piece);
  return hash.digest();
}

/** Not periodic in anything near the rate of 136 bytes. */
function bytesOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8) * 17 + 7) & 0xff);
}

/** The input cut at any points, with empty pieces where two coincide. */
const pieces = fc
  .tuple(fc.uint8Array({ maxLength: 700 }), fc.array(fc.nat({ max: 700 }), { maxLength: 8 }))
  .map(([input, cuts]) => {
    const at = [0, ...cuts.map((cut) => Math.min(cut, input.length)).sort((a, b) => a - b), input.length];
    return at.slice(1).map((end, i) => input.subarray(at[i], end));
  });

test("Node has WebAssembly, so there is a better choice than plain JavaScript", () => {
  expect(present).toEqual(expect.arrayContaining(["wasm", "js"]));
  expect(keccakBackend()).toBe(present[0]);
});

describe.each(present)("backend %s", (backend) => {
  test.each([
    ["nothing", new Uint8Array(0), "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"],
    ["abc", new TextEncoder().encode("abc"), "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"],
    ["1 MB of zeros", new Uint8Array(1_000_000), "70fa24addb21a24bb0e2ccd79382efe47abc740a88ddc3e455c28a53a5848fa9"],
  ])("the known answer for %s", (_, input, hex) => {
    expect(Buffer.from(hashWith(backend, input)).toString("hex")).toBe(hex);
  });

  test("every length from 0 to 300 bytes, around the rate of 136, in one piece and byte by byte", () => {
    for (let length = 0; length <= 300; length += 1) {
      const input = bytesOf(length);
      const expected = keccak_256(input);
      expect(hashWith(backend, input)).toEqual(expected);
      expect(hashWith(backend, ...Array.from(input, (byte) => Uint8Array.of(byte)))).toEqual(expected);
    }
  });

  test("inputs around the size of the window that larger ones are streamed through", () => {
    for (const length of [32_504, 32_639, 32_640, 32_641, 32_776, 65_280, 65_281, 100_000]) {
      const input = bytesOf(length);
      const expected = keccak_256(input);
      expect(hashWith(backend, input)).toEqual(expected);
      expect(hashWith(backend, input.subarray(0, 135), input.subarray(135))).toEqual(expected);
    }
  });

  test("does not depend on how the input is cut", () => {
    const cut = fc.property(pieces, (parts) => {
      expect(hashWith(backend, ...parts)).toEqual(keccak_256(Buffer.concat(parts)));
    });
    fc.assert(cut);
  });

  test("hashes that are worked on by turns do not disturb each other", () => {
    const turns = fc.property(fc.array(pieces, { minLength: 2, maxLength: 4 }), (inputs) => {
      const hashes = inputs.map(() => createKeccak256({ backend }));
      const longest = Math.max(...inputs.map((parts) => parts.length));
      for (let turn = 0; turn < longest; turn += 1) {
        for (const [i, hash] of hashes.entries()) hash.update(inputs[i]?.[turn] ?? new Uint8Array(0));
      }
      expect(hashes.map((hash) => hash.digest())).toEqual(inputs.map((parts) => keccak_256(Buffer.concat(parts))));
    });
    fc.assert(turns);
  });

  test("a digest is 32 bytes of its own, and the input is left as it was", () => {
    const input = bytesOf(1_000);
    const first = hashWith(backend, input);
    const copy = first.slice();
    hashWith(backend, input.subarray(1));
    expect(first).toEqual(copy);
    expect(first.buffer.byteLength).toBe(32);
    expect(Object.getPrototypeOf(first)).toBe(Uint8Array.prototype);
    expect(input).toEqual(bytesOf(1_000));
  });

  test("nothing can be asked of a hash after its digest", () => {
    const hash = createKeccak256({ backend });
    hash.digest();
    expect(() => hash.digest()).toThrow(expect.objectContaining({ name: "SegmentationError", code: "INVALID_OPTION" }));
    expect(() => hash.update(bytesOf(1))).toThrow(expect.objectContaining({ code: "INVALID_OPTION" }));
  });
});

test("keccak256 is update and digest in one", () => {
  expect(keccak256(bytesOf(150_000))).toEqual(keccak_256(bytesOf(150_000)));
});

test("a backend that this runtime does not have is refused", () => {
  const wanted = { backend: "abacus" as KeccakBackend };
  expect(() => createKeccak256(wanted)).toThrow(expect.objectContaining({ code: "INVALID_OPTION" }));
});
