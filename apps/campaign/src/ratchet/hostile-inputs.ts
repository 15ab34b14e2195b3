/**
 * Makes hostile messages, snapshots and keys out of honest ones.
 * @module
 */
import type { RatchetMessage } from "@chat/ratchet";
import type { Random } from "../random.ts";
import { oddBytes } from "./odd-bytes.ts";

/** Borders of what 4 bytes hold, and what no 4 bytes hold. */
const NUMBERS = [0, 1, 2, 255, 65_535, 65_536, 65_537, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1];
const NOT_NUMBERS = [2 ** 32, 2 ** 53, -1, -0, 0.5, Number.NaN, Number.POSITIVE_INFINITY];

const LONGEST_GARBAGE = 600;

type Mutation = (random: Random, messages: readonly RatchetMessage[]) => RatchetMessage;

/** By the name under which they are counted. */
export const MESSAGE_MUTATIONS: Readonly<Record<string, Mutation>> = {
  key: (random, messages) => ({ ...random.pick(messages), dh: hostileKey(random, random.pick(messages).dh) }),
  number: (random, messages) => ({ ...random.pick(messages), messageNumber: hostileNumber(random) }),
  chainLength: (random, messages) => ({ ...random.pick(messages), previousChainLength: hostileNumber(random) }),
  neighbour: (random, messages) => {
    const message = random.pick(messages);
    return { ...message, messageNumber: Math.max(0, message.messageNumber + random.between(-3, 80)) };
  },
  ciphertext: (random, messages) => {
    const message = random.pick(messages);
    return { ...message, ciphertext: damaged(random, message.ciphertext) };
  },
  splice: (random, messages) => {
    const [a, b, c] = [random.pick(messages), random.pick(messages), random.pick(messages)];
    return {
      dh: a.dh,
      messageNumber: b.messageNumber,
      previousChainLength: c.previousChainLength,
      ciphertext: random.pick([a, b, c]).ciphertext,
    };
  },
  garbage: (random) => ({
    dh: oddBytes(random, random.chance(0.8) ? 32 : random.spread(0, 70)),
    messageNumber: hostileNumber(random),
    previousChainLength: hostileNumber(random),
    ciphertext: oddBytes(random, random.spread(0, LONGEST_GARBAGE)),
  }),
};

export function hostileSnapshot(random: Random, snapshots: readonly Uint8Array[]): Uint8Array {
  const snapshot = random.pick(snapshots);
  switch (random.below(4)) {
    case 0: {
      const other = random.pick(snapshots);
      return joined(
        snapshot.subarray(0, random.below(snapshot.length + 1)),
        other.subarray(random.below(other.length)),
      );
    }
    case 1:
      return oddBytes(random, random.spread(0, LONGEST_GARBAGE));
    case 2: {
      const changed = snapshot.slice(); // a count that lies, in any place
      const at = random.below(Math.max(1, changed.length - 4));
      new DataView(changed.buffer).setUint32(Math.min(at, changed.length - 4), random.pick(NUMBERS));
      return changed;
    }
    default:
      return damaged(random, snapshot);
  }
}

export function hostileKey(random: Random, key: Uint8Array): Uint8Array {
  return random.chance(0.5) ? damaged(random, key) : oddBytes(random, random.chance(0.8) ? 32 : random.spread(0, 70));
}

function hostileNumber(random: Random): number {
  if (random.chance(0.2)) return random.pick(NOT_NUMBERS);
  return random.chance(0.5) ? random.pick(NUMBERS) : random.spread(0, 300);
}

/** Flipped, overwritten, cut out or put in, at one place or at several. */
export function damaged(random: Random, bytes: Uint8Array): Uint8Array {
  let result: Uint8Array = bytes.slice();
  for (let times = random.spread(1, 4); times > 0; times -= 1) {
    const at = random.below(result.length + 1);
    switch (random.below(4)) {
      case 0:
        if (at < result.length) result[at] = (result[at] ?? 0) ^ (1 << random.below(8));
        break;
      case 1:
        if (at < result.length) result[at] = random.word();
        break;
      case 2:
        result = joined(result.subarray(0, at), result.subarray(Math.min(result.length, at + random.spread(1, 40))));
        break;
      default:
        result = joined(result.subarray(0, at), random.bytes(random.spread(1, 40)), result.subarray(at));
    }
  }
  return result;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
