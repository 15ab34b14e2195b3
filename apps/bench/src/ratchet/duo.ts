/**
 * Two people in a session, as every library of this area is measured: one encrypts, the other decrypts.
 * Runs in Node and in a page.
 * @module
 */

/** Resolves when the message was decrypted, and with it the session's next states. */
export interface Duo {
  /** Alice to Bob for an even `turn`, Bob to Alice for an odd one. */
  pass(turn: number): void | Promise<void>;
}

export type OpenDuo = (plaintext: Uint8Array) => Promise<Duo>;

export type Pattern = "oneway" | "pingpong";

/** A round is cut into slices, and its figure is that of the fastest: best against best, as interruptions only add. */
const SLICES = 8;
const SLICE_MS = 40;
/** The clock is read once in so many messages. */
const STRIDE = 8;

/** @returns messages in a second, encrypted and decrypted, in the fastest slice */
export async function measure(duo: Duo, pattern: Pattern): Promise<number> {
  const step = pattern === "oneway" ? 0 : 1;
  let turn = 0;
  let best = 0;
  for (let slice = 0; slice < SLICES; slice += 1) {
    const startedAtMs = performance.now();
    let elapsedMs = 0;
    let messages = 0;
    while (elapsedMs < SLICE_MS) {
      for (let count = 0; count < STRIDE; count += 1) {
        const passing = duo.pass(turn);
        if (passing !== undefined) await passing; // only those pay for a promise who use one
        turn += step;
      }
      messages += STRIDE;
      elapsedMs = performance.now() - startedAtMs;
    }
    best = Math.max(best, (messages / elapsedMs) * 1000);
  }
  // Back to Alice's turn, so that the next round may begin with 0.
  if (turn % 2 === 1) await duo.pass(turn);
  return best;
}

export function expectSame(seen: Uint8Array | undefined, wanted: Uint8Array): void {
  if (seen?.length === wanted.length && seen[0] === wanted[0] && seen.at(-1) === wanted.at(-1)) return;
  throw new Error("decrypted: want the plaintext, got something else");
}
