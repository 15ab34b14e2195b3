/**
 * Tables that are read a page of rows at a time: in a damaged file the rows may stand in any order, and whoever goes on
 * behind the last one could read the same page for ever.
 * @module
 */
import { StoreError } from "@chat/store";

/** @throws {@link StoreError} `CORRUPT` unless the positions grow, from above `after` on */
export function checkOrder(rows: readonly { readonly position: number }[], after: number): void {
  let last = after;
  for (const { position } of rows) {
    if (position <= last) throw new StoreError("CORRUPT", `rows: want positions above ${last}, got ${position}`);
    last = position;
  }
}
