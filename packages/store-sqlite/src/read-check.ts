/**
 * Checks of what SQLite takes for granted and a damaged file may break: the order of rows, and that an index leads to the
 * row that was asked for.
 * @module
 */
import { StoreError } from "@chat/store";

/**
 * For tables that are read a page of rows at a time: whoever goes on behind the last one could read one page for ever.
 *
 * @throws {@link StoreError} `CORRUPT` unless the positions grow, from above `after` on
 */
export function checkOrder(rows: readonly { readonly position: number }[], after: number): void {
  let last = after;
  for (const { position } of rows) {
    if (position <= last) throw new StoreError("CORRUPT", `rows: want positions above ${last}, got ${position}`);
    last = position;
  }
}

/**
 * @param column - table and name
 * @throws {@link StoreError} `CORRUPT` if the row that was found by the value of a column has another one
 */
export function checkFound<Value extends string | number | null>(column: string, found: Value, asked: Value): void {
  if (found !== asked) throw new StoreError("CORRUPT", `${column}: want the row that was asked for, got another`);
}
