/**
 * A group and its memberships in files, for programs beside the devnet: `group.json` is public and changes with the
 * group, `member-1.json` and so on hold a secret each and are for their owner only (mode 0600).
 * @module
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { codeOf, DevnetError } from "../errors.ts";
import { checkMessageLimit, type Member, type Membership } from "./group.ts";

const GROUP_FILE = "group.json";

/** `members` by position; undefined where a member was removed. */
export type GroupFile = { readonly members: readonly (Member | undefined)[]; readonly epochSeconds: number };

/** What a member file holds; `groupFile` lies beside it. */
export type MembershipFile = Membership & { readonly epochSeconds: number; readonly groupFile: string };

export function groupFileIn(folder: string): string {
  return join(folder, GROUP_FILE);
}

/** @throws {@link DevnetError} `RLN_FILES_UNUSABLE`; so everywhere below */
export function writeGroup(folder: string, { members, epochSeconds }: GroupFile): void {
  const rows = members.map((member) => member && { commitment: hexOf(member.commitment), limit: member.limit });
  const text = `${JSON.stringify({ members: rows.map((row) => row ?? null), epochSeconds })}\n`;
  within(folder, () => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // Who reads meanwhile sees the old file or the new one, whole.
    writeFileSync(`${groupFileIn(folder)}.new`, text);
    renameSync(`${groupFileIn(folder)}.new`, groupFileIn(folder));
  });
}

/** Undefined if there is none yet. */
export function readGroup(path: string): GroupFile | undefined {
  const text = within(path, () => textIn(path));
  if (text === undefined) return undefined;
  return within(path, () => {
    const { members, epochSeconds } = JSON.parse(text) as GroupText;
    if (!Number.isSafeInteger(epochSeconds)) throw new Error();
    return { members: members.map((row) => (row === null ? undefined : memberOf(row))), epochSeconds };
  });
}

type GroupText = { members: ({ commitment: string; limit: number } | null)[]; epochSeconds: number };

function memberOf({ commitment, limit }: { commitment: string; limit: number }): Member {
  checkMessageLimit("limit", limit);
  return { commitment: bytesOf(commitment), limit };
}

export function writeMembership(folder: string, { secret, limit, position }: Membership, epochSeconds: number): string {
  const path = join(folder, `member-${position + 1}.json`);
  const text = `${JSON.stringify({ secret: hexOf(secret), limit, position, epochSeconds })}\n`;
  within(path, () => writeFileSync(path, text, { mode: 0o600, flag: "wx" }));
  return path;
}

/** A membership that a devnet wrote. */
export function readMembership(path: string): MembershipFile {
  const text = within(path, () => textIn(path));
  if (text === undefined) throw new DevnetError("RLN_FILES_UNUSABLE", `${path}: want a membership, got no file`);
  return within(path, () => {
    const { secret, limit, position, epochSeconds } = JSON.parse(text) as Record<string, unknown>;
    const numbers = [limit, position, epochSeconds];
    if (typeof secret !== "string" || !numbers.every((value) => Number.isSafeInteger(value))) throw new Error();
    return {
      secret: bytesOf(secret),
      limit: Number(limit),
      position: Number(position),
      epochSeconds: Number(epochSeconds),
      groupFile: groupFileIn(dirname(path)),
    };
  });
}

function textIn(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

function within<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof DevnetError) throw error;
    // Without the cause: the message of a JSON error quotes what it read, and that may be the secret.
    const reason = codeOf(error) ?? "something else";
    throw new DevnetError("RLN_FILES_UNUSABLE", `${path}: want a file of an RLN group, got ${reason}`);
  }
}

function bytesOf(hex: string): Uint8Array {
  if (!/^[0-9a-f]{64}$/.test(hex)) throw new Error();
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
