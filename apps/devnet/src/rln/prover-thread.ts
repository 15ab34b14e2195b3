/**
 * The thread of `prover.ts`. It reads the group again when its file changed, since proofs are made against what the
 * group is now.
 * @module
 */
import { statSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { DevnetError, type DevnetErrorCode } from "../errors.ts";
import { type ProofValues, RlnCircuit } from "./circuit.ts";
import { type MembershipFile, readGroup } from "./files.ts";
import { leavesOf } from "./group.ts";
import { epochBytes, RLN_IDENTIFIER } from "./wire.ts";

export type Order = {
  readonly id: number;
  readonly signal: Uint8Array;
  readonly epoch: number;
  readonly index: number;
};
export type Answer =
  | { readonly kind: "proved"; readonly id: number; readonly proved: ProofValues }
  | { readonly kind: "failed"; readonly id: number; readonly code: DevnetErrorCode; readonly message: string };

const membership = workerData as MembershipFile;
let opened: { readonly circuit: RlnCircuit; readonly version: string } | undefined;

parentPort?.on("message", (order: Order) => parentPort?.postMessage(answer(order)));

function answer({ id, signal, epoch, index }: Order): Answer {
  try {
    const proved = circuitNow().prove(signal, { epoch: epochBytes(epoch), application: RLN_IDENTIFIER }, index);
    return { kind: "proved", id, proved };
  } catch (error) {
    if (error instanceof DevnetError) return { kind: "failed", id, code: error.code, message: error.message };
    throw error;
  }
}

function circuitNow(): RlnCircuit {
  const version = versionOf(membership.groupFile);
  if (opened !== undefined && opened.version === version && !opened.circuit.isBroken) return opened.circuit;
  const group = readGroup(membership.groupFile);
  if (group === undefined)
    throw new DevnetError("RLN_FILES_UNUSABLE", `${membership.groupFile}: want a group, got no file`);
  const circuit = RlnCircuit.open();
  circuit.setLeaves(0, leavesOf(circuit, group.members));
  circuit.join(membership.secret, membership.limit, membership.position);
  opened = { circuit, version };
  return circuit;
}

/** Each change is a new file. */
function versionOf(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? "" : `${stat.ino} ${stat.mtimeNs} ${stat.size}`;
}
