/**
 * What every prover of a membership must do; to be called with any.
 * @module
 */
import { expect, test } from "@jest/globals";
import { epochOf, type RateLimitProof } from "../src/rln/wire.ts";

type Prove = (signal: Uint8Array, slot: { epoch: number; index: number }) => Promise<RateLimitProof>;

/** `prove` proves for a membership of 3 messages in an epoch, never the same slot twice on its own. */
export function describeRlnProver(name: string, prove: Prove): void {
  const signal = new TextEncoder().encode("signal");

  test(`${name}: a proof has the lengths of the specification and its epoch`, async () => {
    const { proof, epoch, ...fields } = await prove(signal, { epoch: 7, index: 0 });
    expect(proof).toHaveLength(128);
    expect(epochOf(epoch)).toBe(7);
    expect(Object.values(fields).map(({ length }) => length)).toEqual([32, 32, 32, 32, 32]);
  });

  test(`${name}: equal bytes in one slot have equal shares, so that a retry reveals nothing`, async () => {
    const [one, again] = [await prove(signal, { epoch: 8, index: 1 }), await prove(signal, { epoch: 8, index: 1 })];
    const shown = ({ nullifier, shareX, shareY }: RateLimitProof) => ({ nullifier, shareX, shareY });
    expect(shown(again)).toEqual(shown(one));
  });

  test(`${name}: each slot has a nullifier of its own`, async () => {
    const slots = [
      { epoch: 9, index: 0 },
      { epoch: 9, index: 2 },
      { epoch: 10, index: 0 },
    ];
    const nullifiers = new Set<string>();
    for (const slot of slots) nullifiers.add(String((await prove(signal, slot)).nullifier));
    expect(nullifiers.size).toBe(3);
  });

  test.each([3, 4, -1, 0.5, Number.NaN])(`${name}: index %p of 3 is refused`, async (index) => {
    await expect(prove(signal, { epoch: 11, index })).rejects.toThrow(/index/);
  });
}
