/**
 * From an invite in hand to the first decrypted message: signature, both agreements, both sessions, one message.
 * @module
 */
import { createCrypto } from "@chat/ratchet";
import type { BenchCase } from "../case.ts";
import { median } from "../statistics.ts";
import { libsignalHandshake } from "./libsignal.ts";
import { openHandshake } from "./ours.ts";

/** In a round; its figure is their median. */
const HANDSHAKES = 40;
const GOAL_MS = 1;

const common = { unit: "ms", better: "lower", rounds: 9, limitMs: 60_000 } as const;

async function medianOf(handshake: () => number | Promise<number>): Promise<number> {
  const times: number[] = [];
  while (times.length < HANDSHAKES) times.push(await handshake());
  return median(times);
}

export const handshakeCases: readonly BenchCase[] = [
  {
    ...common,
    name: "handshake-node",
    title: "from an invite to the first decrypted message, by the node provider",
    peer: `the goal of ${GOAL_MS} ms`,
    prepare: async () => {
      const handshake = openHandshake(createCrypto());
      return {
        ours: () => medianOf(handshake),
        theirs: async () => GOAL_MS,
        [Symbol.asyncDispose]: async () => {},
      };
    },
  },
  {
    ...common,
    name: "handshake-node-libsignal",
    title: "the same, from a pre-key bundle",
    peer: "@signalapp/libsignal-client",
    note: "the peer's has a second signature, and ML-KEM in addition",
    prepare: async () => {
      const handshake = openHandshake(createCrypto());
      return {
        ours: () => medianOf(handshake),
        theirs: () => medianOf(libsignalHandshake),
        [Symbol.asyncDispose]: async () => {},
      };
    },
  },
];
