/**
 * Decides whether a message keeps the sender's limit, and removes who broke it.
 * Spec: 17/WAKU2-RLN-RELAY, "Routing"; RLN-V2, "Verification and slashing".
 * @module
 */
import { codeOf } from "../errors.ts";
import type { Message } from "../message.ts";
import { MAX_AGE_MS } from "../network.ts";
import type { ProofValues, Verdict } from "./circuit.ts";
import { isEqual, type RlnGroup } from "./group.ts";
import { epochOf, type RateLimitProof, RLN_IDENTIFIER, signalOf } from "./wire.ts";

/** How long a message may be under way, and how far clocks may be apart. */
const MAX_DELAY_SECONDS = 20;

export type RlnVerdict =
  | { readonly kind: "accepted" }
  | { readonly kind: "refused"; readonly reason: "rln-invalid" | "rln-stale" | "rln-double"; readonly detail: string };

/** A member who used one slot for two messages. `secret` is what they gave away by it. */
export type Slashing = { readonly position: number; readonly secret: Uint8Array; readonly epoch: number };

export interface RlnValidatorOptions {
  readonly group: RlnGroup;
  readonly epochSeconds: number;
  readonly onSlash: (slashing: Slashing) => void;
}

type Seen = { readonly values: ProofValues; readonly hash: Uint8Array };

export class RlnValidator {
  readonly #options: RlnValidatorOptions;
  readonly #maxGap: number;
  /** What each epoch within the gap used, by nullifier: at most the sum of all limits for each. */
  readonly #seen = new Map<number, Map<string, Seen>>();

  constructor(options: RlnValidatorOptions) {
    this.#options = options;
    this.#maxGap = Math.ceil(MAX_DELAY_SECONDS / options.epochSeconds);
  }

  /** How many nullifiers are remembered. */
  get remembered(): number {
    return [...this.#seen.values()].reduce((sum, { size }) => sum + size, 0);
  }

  check(message: Message, nowMs: number): RlnVerdict {
    const current = Math.floor(nowMs / 1_000 / this.#options.epochSeconds);
    this.#forget(current);
    const { rateLimitProof } = message.wire;
    if (rateLimitProof === undefined) return refused("rln-invalid", "RLN proof: want one, got none");
    const malformed = malformation(rateLimitProof);
    if (malformed !== undefined) return refused("rln-invalid", malformed);
    const epoch = epochOf(rateLimitProof.epoch);
    if (epoch === undefined) return refused("rln-invalid", "RLN epoch: want a number of 8 bytes, little endian");
    if (Math.abs(epoch - current) > this.#maxGap) {
      return refused("rln-stale", `RLN epoch: want at most ${this.#maxGap} from ${current}, got ${epoch}`);
    }
    return this.#verify(message, rateLimitProof, epoch);
  }

  /** How old a message of an accepted epoch can be. */
  remembersSinceMs(nowMs: number): number {
    return nowMs - (this.#maxGap + 1) * this.#options.epochSeconds * 1_000 - MAX_AGE_MS;
  }

  /** Takes note of a slot that was used while this validator was not there; the message was verified by another. */
  remember(hash: Uint8Array, rateLimitProof: RateLimitProof | undefined, nowMs: number): void {
    if (rateLimitProof === undefined || malformation(rateLimitProof) !== undefined) return;
    const epoch = epochOf(rateLimitProof.epoch);
    const current = Math.floor(nowMs / 1_000 / this.#options.epochSeconds);
    if (epoch === undefined || Math.abs(epoch - current) > this.#maxGap) return;
    this.#use(valuesOf(rateLimitProof), hash, epoch);
  }

  #verify(message: Message, rateLimitProof: RateLimitProof, epoch: number): RlnVerdict {
    const { group } = this.#options;
    const scope = { epoch: rateLimitProof.epoch, application: RLN_IDENTIFIER };
    const signal = signalOf({ payload: message.wire.payload, ...message });
    const values = valuesOf(rateLimitProof);
    let verdict: Verdict;
    try {
      verdict = group.circuit.verify(values, signal, scope, group.roots);
    } catch (error) {
      return codeOf(error) === "RLN_REFUSED"
        ? refused("rln-invalid", "RLN proof: want points of the curve and numbers below the order of the field")
        : refused("rln-stale", "RLN proof: the program that verifies failed; try again");
    }
    switch (verdict) {
      case "valid":
        return this.#use(values, message.hash, epoch);
      case "unknown-root":
        return refused("rln-stale", "RLN root: want one of this group as it is now; prove again");
      case "other-signal":
        return refused("rln-invalid", "RLN proof: want one for these bytes, got one for others");
      case "false-proof":
        return refused("rln-invalid", "RLN proof: it does not verify (it is altered, or the index is over the limit)");
    }
  }

  /** Takes the slot for the message, once. */
  #use(values: ProofValues, hash: Uint8Array, epoch: number): RlnVerdict {
    const used = this.#seen.get(epoch) ?? new Map<string, Seen>();
    this.#seen.set(epoch, used);
    const key = Buffer.from(values.nullifier).toString("base64");
    const before = used.get(key);
    if (before === undefined) {
      used.set(key, { values, hash });
      return { kind: "accepted" };
    }
    // A light node that missed our answer sends again.
    if (isEqual(before.hash, hash)) return { kind: "accepted" };
    if (isEqual(before.values.x, values.x)) {
      // The signal leaves out some fields and does not say where the payload ends: nothing is revealed by it, but one
      // slot is for one message.
      return refused("rln-double", "RLN slot: want one message, got the same signal in another");
    }
    this.#slash(before.values, values, epoch);
    return refused("rln-double", "RLN slot: want one message, got a second one; the member is removed");
  }

  #slash(one: ProofValues, other: ProofValues, epoch: number): void {
    const { group, onSlash } = this.#options;
    const secret = group.circuit.recover(one, other);
    const position = group.slash(secret);
    if (position !== undefined) onSlash({ position, secret, epoch });
  }

  #forget(current: number): void {
    for (const epoch of this.#seen.keys()) if (Math.abs(epoch - current) > this.#maxGap) this.#seen.delete(epoch);
  }
}

function valuesOf({ proof, merkleRoot, shareX, shareY, nullifier }: RateLimitProof): ProofValues {
  return { proof, root: merkleRoot, x: shareX, y: shareY, nullifier };
}

function malformation({ proof, merkleRoot, epoch, shareX, shareY, nullifier, rlnIdentifier }: RateLimitProof) {
  if (proof.length !== 128) return `RLN proof: want 128 bytes, got ${proof.length}`;
  for (const [name, value] of Object.entries({ merkleRoot, epoch, shareX, shareY, nullifier, rlnIdentifier })) {
    if (value.length !== 32) return `RLN ${name}: want 32 bytes, got ${value.length}`;
  }
  if (!isEqual(rlnIdentifier, RLN_IDENTIFIER)) return "RLN identifier: want this network's, got another";
  return undefined;
}

function refused(reason: "rln-invalid" | "rln-stale" | "rln-double", detail: string): RlnVerdict {
  return { kind: "refused", reason, detail };
}
