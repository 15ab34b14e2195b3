/**
 * Which code a campaign runs: figures of two different ones are never added up.
 * @module
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export type Commit = {
  /** The commit that is checked out; absent where there is no git. */
  readonly commit: string | undefined;
  /** Whether any of the sources differs from it. */
  readonly dirty: boolean;
};

/** A hash of all files in `sources`, folders below `root`. */
export function fingerprintOf(root: string, sources: readonly string[]): string {
  const hash = createHash("sha256");
  for (const folder of sources) {
    const files = readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    for (const file of files.sort()) {
      const contents = readFileSync(file);
      hash.update(`${file.slice(root.length)}\n${contents.length}\n`).update(contents);
    }
  }
  return hash.digest("hex");
}

export function commitOf(root: string, sources: readonly string[]): Commit {
  const git = (...args: string[]) =>
    execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  try {
    return { commit: git("rev-parse", "HEAD"), dirty: git("status", "--porcelain", "--", ...sources) !== "" };
  } catch {
    return { commit: undefined, dirty: true };
  }
}
