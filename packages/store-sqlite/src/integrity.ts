/**
 * Says what of a store is damaged, by table and row and never by content, instead of failing at the first of it.
 * @module
 */
import { setImmediate } from "node:timers/promises";
import { StoreError } from "@chat/store";
import type { Connection } from "./connection.ts";
import { SEALED_COLUMNS, type SealedColumn, sealedValues } from "./sealed-columns.ts";
import type { Sealer } from "./sealer.ts";

export type IntegrityOptions = {
  /** Without indexes and without opening what is sealed. @default false */
  readonly quick?: boolean;
  readonly signal?: AbortSignal;
};

/**
 * - `structure`: pages, indexes or types of a file, as SQLite describes it
 * - `reference`: the row names one of another table that is not there
 * - `value`: what is sealed does not open; it was changed, or belongs to another row or store
 * - `unreadable`: rows behind `afterRow` could not be read
 */
export type Damage =
  | { readonly kind: "structure"; readonly file: "messages" | "secrets"; readonly detail: string }
  | { readonly kind: "reference"; readonly table: string; readonly row: number | null }
  | { readonly kind: "value"; readonly table: string; readonly column: string; readonly row: number }
  | { readonly kind: "unreadable"; readonly table: string; readonly afterRow: number };

export type IntegrityReport = {
  readonly isIntact: boolean;
  /** The first hundred. */
  readonly damages: readonly Damage[];
  /** Sealed values that opened. */
  readonly values: number;
};

type Files = { readonly messages: Connection; readonly secrets?: Connection | undefined; readonly sealer: Sealer };

const MAX_DAMAGES = 100;
/** A message may have megabytes; between two pages others have their turn. */
const VALUES_PER_PAGE = 32;

/** @param assertOpen - throws once the store is closed */
export async function checkIntegrity(
  { messages, secrets = messages, sealer }: Files,
  { quick = false, signal }: IntegrityOptions,
  assertOpen: () => void,
): Promise<IntegrityReport> {
  const damages: Damage[] = [];
  signal?.throwIfAborted();
  for (const connection of new Set([messages, secrets])) {
    damages.push(...structureOf(connection, connection === messages ? "messages" : "secrets", quick));
  }
  let values = 0;
  for (const column of quick ? [] : SEALED_COLUMNS) {
    const connection = column.of === "secrets" ? secrets : messages;
    for await (const damage of damagedValues(connection, sealer, column)) {
      signal?.throwIfAborted();
      assertOpen();
      if (typeof damage === "number") values += damage;
      else if (damages.length < MAX_DAMAGES) damages.push(damage);
    }
  }
  return { isIntact: damages.length === 0, damages: damages.slice(0, MAX_DAMAGES), values };
}

function structureOf(connection: Connection, file: "messages" | "secrets", quick: boolean): Damage[] {
  const check = quick ? "quick_check" : "integrity_check";
  try {
    const details = connection.pragmaColumn(`${check}(${MAX_DAMAGES})`, check).map(String);
    const tables = connection.pragmaColumn("foreign_key_check", "table").map(String);
    const rows = connection.pragmaColumn("foreign_key_check", "rowid");
    return [
      ...details.filter((detail) => detail !== "ok").map((detail) => ({ kind: "structure", file, detail }) as const),
      ...tables.slice(0, MAX_DAMAGES).map((table, index) => {
        const row = rows[index];
        return { kind: "reference", table, row: typeof row === "number" ? row : null } as const;
      }),
    ];
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== "CORRUPT") throw error;
    return [{ kind: "structure", file, detail: "the check itself could not read the file" }];
  }
}

/** Damages, and after each page how many values of it opened. */
async function* damagedValues(
  connection: Connection,
  sealer: Sealer,
  sealed: SealedColumn,
): AsyncGenerator<Damage | number> {
  const { table, column } = sealed;
  const read = sealedValues(connection, sealed, VALUES_PER_PAGE);
  let last = 0;
  while (true) {
    try {
      const page = read(last);
      let opened = 0;
      for (const { row, sealed: value, place } of page) {
        // In a damaged file the rows may stand in any order, and going on behind one could be endless.
        if (row <= last) throw new StoreError("CORRUPT", "rows: want them in order, got another");
        last = row;
        if (sealer.opens(value, place)) opened += 1;
        else yield { kind: "value", table, column, row };
      }
      yield opened;
      if (page.length < VALUES_PER_PAGE) return;
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== "CORRUPT") throw error;
      yield { kind: "unreadable", table, afterRow: last };
      return;
    }
    await setImmediate();
  }
}
