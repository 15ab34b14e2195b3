/**
 * The RLN circuit, a tree of members and their hashes: `rln/rln.wasm`, whose shapes `rln/src/requests.rs` gives.
 * Everything blocks; a proof takes a good part of a second.
 * @module
 */
import { getRandomValues } from "node:crypto";
import { readFileSync } from "node:fs";
import { DevnetError } from "../errors.ts";

/** The circuit compares 16 bits. */
export const MAX_MESSAGE_LIMIT = 65_536;
/** Depth 20. */
export const MAX_MEMBERS = 2 ** 20;

// The same place from the sources and from the build.
const FILE = new URL("../../rln/rln.wasm", import.meta.url);
const OPERATION = {
  identity: 0,
  commitment: 1,
  leaf: 2,
  setLeaves: 3,
  join: 4,
  prove: 5,
  verify: 6,
  recover: 7,
} as const;
const FIELD_BYTES = 32;
export const PROOF_BYTES = 128;
export const NOBODY: Uint8Array = new Uint8Array(FIELD_BYTES);

/** 32 bytes each, little endian; `proof` has 128. */
export type ProofValues = {
  readonly proof: Uint8Array;
  readonly root: Uint8Array;
  readonly x: Uint8Array;
  readonly y: Uint8Array;
  readonly nullifier: Uint8Array;
};

/** Where a proof belongs: 32 bytes each. */
export type Scope = { readonly epoch: Uint8Array; readonly application: Uint8Array };

export type Verdict = "valid" | "unknown-root" | "other-signal" | "false-proof";
const VERDICTS: readonly Verdict[] = ["valid", "unknown-root", "other-signal", "false-proof"];

type Exports = {
  readonly memory: WebAssembly.Memory;
  allocate(length: number): number;
  release(at: number, length: number): void;
  call(operation: number, at: number, length: number): bigint;
};

let compiled: WebAssembly.Module | undefined;

/** One instance of the program. After a trap it is of no more use: whoever holds it opens another. */
export class RlnCircuit {
  readonly #exports: Exports;
  #isBroken = false;

  private constructor(exports: Exports) {
    this.#exports = exports;
  }

  static open(): RlnCircuit {
    compiled ??= new WebAssembly.Module(readFileSync(FILE));
    const random = (at: number, length: number) => {
      getRandomValues(new Uint8Array(exports.memory.buffer, at, length));
    };
    const exports = new WebAssembly.Instance(compiled, { host: { random } }).exports as unknown as Exports;
    return new RlnCircuit(exports);
  }

  /** A trap ended it. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** A new secret and what the group knows of it. */
  identity(): { secret: Uint8Array; commitment: Uint8Array } {
    const [secret, commitment] = fields(this.#call("identity"), 2);
    return { secret, commitment } as { secret: Uint8Array; commitment: Uint8Array };
  }

  /** @throws {@link DevnetError} `RLN_REFUSED` if `secret` is no field element; so everywhere below */
  commitment(secret: Uint8Array): Uint8Array {
    return this.#call("commitment", secret);
  }

  /** What a member adds to the tree. `limit` is 1 to 65,536. */
  leaf(commitment: Uint8Array, limit: number): Uint8Array {
    return this.#call("leaf", commitment, uint32(limit));
  }

  /** Writes consecutive leaves; {@link NOBODY} empties a place. @returns the root */
  setLeaves(position: number, leaves: readonly Uint8Array[]): Uint8Array {
    return this.#call("setLeaves", uint32(position), ...leaves);
  }

  /** Proofs are this member's from now on; his leaf must be there. */
  join(secret: Uint8Array, limit: number, position: number): void {
    this.#call("join", secret, uint32(limit), uint32(position));
  }

  /** With `isChecked` false, an index at or beyond the limit is left to the circuit: what a cheat would run. */
  prove(signal: Uint8Array, { epoch, application }: Scope, index: number, isChecked = true): ProofValues {
    const flag = Uint8Array.of(isChecked ? 1 : 0);
    const reply = this.#call("prove", epoch, application, uint32(index), flag, signal);
    const [root, x, y, nullifier] = fields(reply.subarray(PROOF_BYTES), 4);
    return { proof: reply.slice(0, PROOF_BYTES), root, x, y, nullifier } as ProofValues;
  }

  /** No roots, no valid proof. */
  verify(proved: ProofValues, signal: Uint8Array, scope: Scope, roots: readonly Uint8Array[]): Verdict {
    const { epoch, application } = scope;
    const { root, x, y, nullifier } = proved;
    if (proved.proof.length !== PROOF_BYTES) {
      throw new DevnetError("RLN_REFUSED", `proof: want ${PROOF_BYTES} bytes, got ${proved.proof.length}`);
    }
    const count = uint32(roots.length);
    const [code = -1] = this.#call(
      "verify",
      proved.proof,
      joined(root, x, y, nullifier),
      epoch,
      application,
      count,
      ...roots,
      signal,
    );
    const verdict = VERDICTS[code];
    if (verdict === undefined) throw new DevnetError("RLN_REFUSED", `verdict: want 0 to 3, got ${code}`);
    return verdict;
  }

  /** The secret behind two proofs with one nullifier and different signals. */
  recover(one: ProofValues, other: ProofValues): Uint8Array {
    return this.#call("recover", joined(one.x, one.y, other.x, other.y));
  }

  #call(operation: keyof typeof OPERATION, ...parts: readonly Uint8Array[]): Uint8Array {
    if (this.#isBroken) throw new DevnetError("RLN_BROKEN", `${operation}: want a new instance, this one trapped`);
    const { memory, allocate, release, call } = this.#exports;
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    try {
      const at = allocate(length) >>> 0;
      let end = at;
      for (const part of parts) {
        new Uint8Array(memory.buffer).set(part, end);
        end += part.length;
      }
      const reply = call(OPERATION[operation], at, length);
      release(at, length);
      const replyAt = Number(reply >> 32n);
      const replyLength = Number(reply & 0xffff_ffffn);
      const bytes = new Uint8Array(memory.buffer).slice(replyAt, replyAt + replyLength);
      release(replyAt, replyLength);
      const result = bytes.subarray(1);
      if (bytes[0] === 0) return result;
      throw new DevnetError("RLN_REFUSED", `${operation}: ${new TextDecoder().decode(result)}`);
    } catch (error) {
      if (error instanceof DevnetError) throw error;
      this.#isBroken = true;
      throw new DevnetError("RLN_BROKEN", `${operation}: the program trapped; open a new instance`, { cause: error });
    }
  }
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.length * FIELD_BYTES);
  for (const [index, part] of parts.entries()) {
    if (part.length !== FIELD_BYTES) {
      throw new DevnetError("RLN_REFUSED", `value ${index}: want ${FIELD_BYTES} bytes, got ${part.length}`);
    }
    bytes.set(part, index * FIELD_BYTES);
  }
  return bytes;
}

function fields(bytes: Uint8Array, count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, index) => bytes.slice(index * FIELD_BYTES, (index + 1) * FIELD_BYTES));
}

function uint32(value: number): Uint8Array {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff) {
    throw new DevnetError("RLN_REFUSED", `number: want 0 to ${0xffff_ffff}, got ${value}`);
  }
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}
