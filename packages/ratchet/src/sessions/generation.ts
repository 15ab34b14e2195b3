/**
 * Detects that a database was restored from a backup, by a number that is kept in it and, once more, outside it.
 * Raise it at every start and at every backup: the number inside becomes durable first, in one transaction with the
 * sessions that a restore breaks; the one outside second; and only then anything is sent or received. So a crash between
 * the two leaves the database ahead, which is no restore, and everything older than the last step is behind. A copy of
 * the file that nobody told us of is noticed only if the program was started after it.
 * Spec: protocol.md, "Sessions": restored backup.
 * @module
 */
import { RatchetError } from "../errors.ts";

export type GenerationVerdict = {
  /**
   * - `first`: a new database
   * - `current`: nothing newer was ever used
   * - `restored`: break every session with `breakAllSessions`, then renew them
   */
  readonly kind: "first" | "current" | "restored";
  /** To be made durable inside, then outside. */
  readonly next: number;
};

/**
 * @param inside - what the database says; undefined in a new one
 * @param outside - what is kept beside it; undefined if that is lost, which counts as restored, since nobody can tell
 * @throws {@link RatchetError} `INVALID_OPTION`
 */
export function judgeGeneration(inside: number | undefined, outside: number | undefined): GenerationVerdict {
  for (const [name, value] of Object.entries({ inside, outside })) {
    if (value !== undefined && (!Number.isSafeInteger(value) || value < 0 || value === Number.MAX_SAFE_INTEGER)) {
      throw new RatchetError("INVALID_OPTION", `${name}: want an integer ≥ 0, got ${value}`);
    }
  }
  const next = Math.max(inside ?? 0, outside ?? 0) + 1;
  if (inside === undefined) return { kind: "first", next };
  return { kind: outside !== undefined && inside >= outside ? "current" : "restored", next };
}
