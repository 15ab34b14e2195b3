/**
 * Who may send, and how much: a tree of members held in memory. On the public network a contract keeps it.
 * Spec: RLN-V2, "Registration", "Slashing".
 * @module
 */
import { DevnetError } from "../errors.ts";
import { MAX_MEMBERS, MAX_MESSAGE_LIMIT, NOBODY, RlnCircuit } from "./circuit.ts";

/** Proofs made just before a registration stay good over this many of them. */
const ROOT_WINDOW = 50;

export type Member = { readonly commitment: Uint8Array; readonly limit: number };

/** All that is needed to prove. The secret is the stake: whoever has it can remove the member. */
export type Membership = {
  readonly secret: Uint8Array;
  readonly limit: number;
  readonly position: number;
};

export class RlnGroup {
  /** Ended by a trap, it is opened anew from the members. */
  #circuit: RlnCircuit;
  readonly #members: (Member | undefined)[] = [];
  /** Newest last. */
  #roots: Uint8Array[] = [];

  constructor(members: readonly (Member | undefined)[] = []) {
    this.#members.push(...members);
    this.#circuit = this.#open();
  }

  /** By position; undefined where a member was removed. */
  get members(): readonly (Member | undefined)[] {
    return this.#members;
  }

  /** What a proof may be made against. Never empty. */
  get roots(): readonly Uint8Array[] {
    return this.#roots;
  }

  /** To be asked for with each use. */
  get circuit(): RlnCircuit {
    if (this.#circuit.isBroken) this.#circuit = this.#open();
    return this.#circuit;
  }

  /** Makes a member. @throws {@link DevnetError} `INVALID_OPTION`, `RLN_REFUSED` when the tree is full */
  register(limit: number): Membership {
    checkMessageLimit("limit", limit);
    const position = this.#members.length;
    if (position >= MAX_MEMBERS) throw new DevnetError("RLN_REFUSED", `members: want at most ${MAX_MEMBERS}`);
    const { secret, commitment } = this.circuit.identity();
    const root = this.circuit.setLeaves(position, [this.circuit.leaf(commitment, limit)]);
    this.#members.push({ commitment, limit });
    this.#roots = [...this.#roots, root].slice(-ROOT_WINDOW);
    return { secret, limit, position };
  }

  /** Removes whose secret this is; of no effect if it is nobody's. @returns the position */
  slash(secret: Uint8Array): number | undefined {
    const commitment = this.circuit.commitment(secret);
    const position = this.#members.findIndex(
      (member) => member !== undefined && isEqual(member.commitment, commitment),
    );
    if (position < 0) return undefined;
    this.#members[position] = undefined;
    // The member is in every earlier root: all of them end here, for honest members too, who prove anew.
    this.#roots = [this.circuit.setLeaves(position, [NOBODY])];
    return position;
  }

  #open(): RlnCircuit {
    const circuit = RlnCircuit.open();
    const root = circuit.setLeaves(0, leavesOf(circuit, this.#members));
    if (this.#roots.length === 0) this.#roots = [root];
    return circuit;
  }
}

export function leavesOf(circuit: RlnCircuit, members: readonly (Member | undefined)[]): Uint8Array[] {
  return members.map((member) => (member === undefined ? NOBODY : circuit.leaf(member.commitment, member.limit)));
}

/** @throws {@link DevnetError} `INVALID_OPTION` */
export function checkMessageLimit(name: string, limit: number): void {
  if (Number.isSafeInteger(limit) && limit >= 1 && limit <= MAX_MESSAGE_LIMIT) return;
  throw new DevnetError(
    "INVALID_OPTION",
    `${name}: want an integer from 1 to ${MAX_MESSAGE_LIMIT} (the circuit compares 16 bits), got ${limit}`,
  );
}

export function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
