/**
 * Tells a database that was restored from a backup, or put back as an older copy, from one that goes on: by a number kept
 * in it and, once more, in a file beside it. It is raised at every opening and after every backup, inside first and
 * outside second, so that a crash between the two leaves the database ahead, which is no restore, and every older copy
 * is behind. A copy of the whole directory cannot be told from the original.
 * Spec: protocol.md, "Sessions": restored backup.
 * @module
 */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { StoreError } from "@chat/store";
import type { Connection } from "./connection.ts";
import { errorCode } from "./error-code.ts";
import { writeDurably } from "./key-file.ts";

/**
 * What an opening found.
 * - `first`: a new database
 * - `current`: the same as when it was last closed, or crashed
 * - `restored`: an older state. Its sessions are marked as restored and hold back what they would send
 */
export type StoreOrigin = "first" | "current" | "restored";

/** Beside the database; `store` is that of the database, and another one after each restore. */
type Outside = { readonly store: string; readonly generation: number };
export type Raised = { readonly origin: StoreOrigin; readonly outside: Outside };
type Opening = {
  readonly path: string;
  readonly isNew: boolean;
  readonly nowMs: number;
  /** Where the sessions are: the same connection, or another one that has caught up. */
  readonly secrets: Connection;
};
type Inside = Outside & { readonly isBackup: boolean };

/**
 * Before the first number of a database goes into it: a crash between the two must not look like a file that was lost.
 * @throws {@link StoreError} `IO`
 */
export function beginOutside(path: string, { isNew }: { readonly isNew: boolean }): void {
  if (isNew || readOutside(path) === "lost") writeOutside(path, { store: newStoreId(), generation: 0 });
}

/** For a transaction of the messages; afterwards {@link writeOutside} with what it returns. */
export function raiseGeneration(connection: Connection, { path, isNew, nowMs, secrets }: Opening): Raised {
  const inside = readInside(connection);
  const found = readOutside(path);
  const origin = judge(inside, found, isNew);
  const known = inside ?? (found === "lost" ? undefined : found);
  const store = origin === "restored" || known === undefined ? newStoreId() : known.store;
  const generation = Math.max(inside?.generation ?? 0, found === "lost" ? 0 : found.generation) + 1;
  connection
    .statement(
      `INSERT INTO lineage (id, store_id, generation, is_backup) VALUES (1, ?, ?, 0) ON CONFLICT (id)
       DO UPDATE SET store_id = excluded.store_id, generation = excluded.generation, is_backup = 0`,
    )
    .run(store, generation);
  if (origin === "restored") {
    const mark = connection.statement("INSERT INTO restored_sessions (session_id) VALUES (?) ON CONFLICT DO NOTHING");
    for (const { id } of secrets.statement<{ id: string }>("SELECT id FROM sessions").all()) mark.run(id);
    connection.statement("UPDATE lineage SET restored_at_ms = max(?, coalesce(restored_at_ms, 0))").run(nowMs);
  }
  return { origin, outside: { store, generation } };
}

/** After a backup: the copy, which has the number of before, is behind from then on. In the caller's transaction. */
export function raiseAfterBackup(connection: Connection): Outside {
  connection.exec("UPDATE lineage SET generation = generation + 1");
  const inside = readInside(connection);
  if (inside === undefined) throw new StoreError("CORRUPT", "lineage: want one row, got none");
  return inside;
}

/** In a copy that is to come back as restored, whatever is found beside it. */
export function markAsBackup(connection: Connection): void {
  connection.exec("UPDATE lineage SET is_backup = 1");
}

/** Once what {@link raiseGeneration} did is durable. @throws {@link StoreError} `IO` */
export function writeOutside(path: string, { store, generation }: Outside): void {
  const file = generationFile(path);
  try {
    writeDurably(file, new TextEncoder().encode(JSON.stringify({ store, generation })));
  } catch (error) {
    throw new StoreError("IO", `${file}: want to write it, got ${errorCode(error)}`, { cause: error });
  }
}

export function generationFile(path: string): string {
  return `${path}.generation`;
}

/** What is lost counts as restored: nobody can tell. */
function judge(inside: Inside | undefined, outside: Outside | "lost", isNew: boolean): StoreOrigin {
  if (isNew) return "first";
  // Of a version that kept no number; but if another one had one here, this is an older copy.
  if (inside === undefined) return outside === "lost" || outside.generation === 0 ? "current" : "restored";
  if (inside.isBackup || outside === "lost" || outside.store !== inside.store) return "restored";
  return inside.generation >= outside.generation ? "current" : "restored";
}

function newStoreId(): string {
  return randomBytes(16).toString("hex");
}

function readInside(connection: Connection): Inside | undefined {
  const row = connection
    .statement<{ store_id: string; generation: number; is_backup: number }>(
      "SELECT store_id, generation, is_backup FROM lineage",
    )
    .get();
  return row && { store: row.store_id, generation: row.generation, isBackup: row.is_backup === 1 };
}

function readOutside(path: string): Outside | "lost" {
  try {
    const value: unknown = JSON.parse(readFileSync(generationFile(path), "utf8"));
    if (typeof value !== "object" || value === null || !("store" in value && "generation" in value)) return "lost";
    const { store, generation } = value;
    if (typeof store !== "string" || typeof generation !== "number") return "lost";
    return Number.isSafeInteger(generation) && generation >= 0 ? { store, generation } : "lost";
  } catch {
    return "lost";
  }
}
