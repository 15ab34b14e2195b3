/**
 * Area `store`: a database of a million messages, beside plain better-sqlite3 with the same bytes. README.md says what is
 * like for like and what is not.
 * @module
 */
import type { BenchArea } from "../case.ts";
import { libraryOf } from "../store/library.ts";
import { readCases } from "../store/read-cases.ts";
import { searchCases } from "../store/search-cases.ts";
import { sizeCases } from "../store/size-cases.ts";
import { writeCases } from "../store/write-cases.ts";

/** @param count - messages that the database holds before anything is measured */
export function storeArea(count: number): BenchArea {
  const library = libraryOf(count);
  return {
    name: "store",
    title: `a database of ${count.toLocaleString("en-US")} messages: writing, reading, search, opening, size`,
    cases: [...writeCases(library), ...readCases(library), ...searchCases(library), ...sizeCases(library)],
  };
}

export const store = storeArea(1_000_000);
