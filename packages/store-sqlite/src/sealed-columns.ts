/**
 * Every sealed column, and of what in its row the place of a value is made (see {@link Place}).
 * @module
 */
import type { Connection } from "./connection.ts";
import type { Place } from "./sealer.ts";

export type SealedColumn = {
  readonly table: string;
  readonly column: string;
  /** SQL of the parts of the place behind table and column; tags are bytes, and stand there in hex. */
  readonly key: readonly string[];
  readonly of: "messages" | "secrets";
  /** Where a part of the place is in another table. */
  readonly join?: string;
};

const columns = (
  of: SealedColumn["of"],
  ...list: readonly [table: string, column: string, key: readonly string[], join?: string][]
): SealedColumn[] => list.map(([table, column, key, join]) => ({ table, column, key, of, ...(join && { join }) }));

export const SEALED_COLUMNS: readonly SealedColumn[] = [
  ...columns(
    "secrets",
    ["identity", "bytes", ["1"]],
    ["sessions", "snapshot", ["id"]],
    ["invites", "snapshot", ["id"]],
    ["peers", "snapshot", ["id"]],
  ),
  ...columns(
    "messages",
    ["conversations", "peer", ["id"]],
    ["messages", "content", ["id"]],
    ["outbox_ledger", "ledger", []],
    ["outgoing", "bytes", ["session_id", "sds_id"]],
    ["sds_states", "state", ["session_id"]],
    ["held", "bytes", ["session_id", "sds_id"]],
    ["segments", "bytes", ["session_id", "set_id", "is_parity", "segment_index"]],
    ["secret_redo", "changes", ["number"]],
    ["partial_segments", "origin", ["position", "set_tag"]],
    ["partial_segments", "bytes", ["position", "set_tag"]],
    ["completed_sets", "origin", ["position", "set_tag", "completed_at_ms"]],
    ["queued_messages", "record", ["tag"]],
    ["queued_bytes", "bytes", ["tag"], "JOIN queued_messages USING (position)"],
    ["ended_messages", "record", ["tag"]],
    ["quota_ledger", "ledger", ["1"]],
  ),
];

export type SealedValue = { readonly row: number; readonly sealed: Uint8Array; readonly place: Place };

/** The values behind `row`, in the order of rows; as many as one page has. */
export function sealedValues(
  connection: Connection,
  { table, column, key, join = "" }: SealedColumn,
  limit: number,
): (row: number) => SealedValue[] {
  const parts = key.map((sql, index) => `, ${sql} AS part_${index}`).join("");
  const page = connection.statement<{ row: number; sealed: Uint8Array }>(
    `SELECT ${table}.rowid AS row, ${table}.${column} AS sealed${parts} FROM ${table} ${join}
     WHERE ${table}.rowid > ? ORDER BY ${table}.rowid LIMIT ${limit}`,
  );
  return (after) =>
    page.all(after).map((found) => ({
      row: found.row,
      sealed: found.sealed,
      place: [table, column, ...key.map((_, index) => toPart(Reflect.get(found, `part_${index}`)))],
    }));
}

function toPart(value: unknown): string | number {
  if (typeof value === "string" || typeof value === "number") return value;
  return ArrayBuffer.isView(value) ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("hex") : "";
}
