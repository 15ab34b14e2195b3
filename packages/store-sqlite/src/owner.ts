/**
 * The file beside a database that says who has it open, for the message to whoever comes second. It is information only:
 * the lock is SQLite's, which the system lifts when a process dies. So nothing here ever fails an opening, and what a
 * killed process left is believed by nobody and replaced by the next owner.
 * @module
 */
import { closeSync, lstatSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import type { StoreHolder } from "@chat/store";

/** Ours has less than a hundred bytes. */
const MAX_BYTES = 1_024;
/** Of what a Date can show. */
const MAX_TIME_MS = 8.64e15;

/** By the owner only, after it has the lock. The file has mode 0600. */
export function writeOwner(path: string): void {
  const startedAtMs = Math.round(Date.now() - process.uptime() * 1_000);
  const startTicks = startTicksOf(process.pid);
  try {
    removeOwner(path); // and not written over: it may be a link to somewhere else
    const file = openSync(ownerFile(path), "wx", 0o600);
    try {
      writeSync(file, JSON.stringify({ pid: process.pid, startedAtMs, startTicks }));
    } finally {
      closeSync(file);
    }
  } catch {
    // A full disk, or something else under that name.
  }
}

/** By the owner only, before it lets go of the lock. */
export function removeOwner(path: string): void {
  try {
    rmSync(ownerFile(path), { force: true });
  } catch {
    // It will be stale.
  }
}

/** Who wrote the file, if that process is still there; undefined when nobody knows. */
export function readOwner(path: string): StoreHolder | undefined {
  const { pid, startedAtMs, startTicks } = parse(path);
  const isPossible = isInteger(pid) && pid > 0 && isInteger(startedAtMs) && Math.abs(startedAtMs) <= MAX_TIME_MS;
  if (!isPossible || !isAlive(pid)) return undefined;
  // Another process may have the number by now.
  if (typeof startTicks === "string" && startTicks !== startTicksOf(pid)) return undefined;
  return { pid, startedAtMs };
}

function parse(path: string): { pid?: unknown; startedAtMs?: unknown; startTicks?: unknown } {
  try {
    const stat = lstatSync(ownerFile(path));
    if (!stat.isFile() || stat.size > MAX_BYTES) return {};
    const value: unknown = JSON.parse(readFileSync(ownerFile(path), "utf8"));
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {}; // none, or one that is being written
  }
}

function ownerFile(path: string): string {
  return `${path}.owner`;
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0); // sends nothing
    return true;
  } catch (error) {
    // Of another user, but there.
    return typeof error === "object" && error !== null && "code" in error && error.code === "EPERM";
  }
}

/** When the process began, in a form that is only to be compared; undefined where /proc does not tell. */
function startTicksOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]; // field 22; the name before it may hold anything
  } catch {
    return undefined;
  }
}
