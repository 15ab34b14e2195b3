/**
 * Half-received payloads, for `DurableReassembler` of @chat/segmentation.
 * @module
 */
import type { CompletedSet, PartialSetStore, StoredSegment } from "@chat/segmentation";
import { StoreError } from "@chat/store";
import type { Statement } from "./connection.ts";
import type { GroupCommit } from "./group-commit.ts";
import { checkOrder } from "./read-check.ts";
import type { Place, Sealer } from "./sealer.ts";
import type { StoreParts } from "./store-parts.ts";

type SegmentRow = { position: number; set_tag: Uint8Array; origin: Uint8Array; bytes: Uint8Array };
type CompletedRow = { position: number; set_tag: Uint8Array; origin: Uint8Array; completed_at_ms: number };

/** A segment is as large as a Waku message at most, so a page stays within a few megabytes. */
const ROWS_PER_PAGE = 32;
const LAST = "SELECT coalesce(max(position), 0) AS position FROM";

export class SqlitePartialSets implements PartialSetStore {
  readonly #sealer: Sealer;
  readonly #writes: GroupCommit;
  readonly #assertOpen: () => void;
  readonly #segments: Statement<SegmentRow>;
  readonly #completed: Statement<CompletedRow>;
  readonly #insertSegment: Statement<never>;
  readonly #deleteSegments: Statement<never>;
  readonly #putCompleted: Statement<never>;
  readonly #deleteCompleted: Statement<never>;
  // Counted here and not by SQLite: a value is sealed for its row before the row is there.
  readonly #lastSegment: Counter;
  readonly #lastCompleted: Counter;

  constructor({ connection, sealer, writes, assertOpen }: StoreParts) {
    this.#sealer = sealer;
    this.#writes = writes;
    this.#assertOpen = assertOpen;
    const page = `WHERE position > ? AND position <= ? ORDER BY position LIMIT ${ROWS_PER_PAGE}`;
    this.#segments = connection.statement(`SELECT position, set_tag, origin, bytes FROM partial_segments ${page}`);
    this.#completed = connection.statement(
      `SELECT position, set_tag, origin, completed_at_ms FROM completed_sets ${page}`,
    );
    this.#insertSegment = connection.statement(
      "INSERT INTO partial_segments (position, set_tag, origin, bytes) VALUES (?, ?, ?, ?)",
    );
    this.#deleteSegments = connection.statement("DELETE FROM partial_segments WHERE set_tag = ?");
    this.#putCompleted = connection.statement(
      "INSERT OR REPLACE INTO completed_sets (position, set_tag, origin, completed_at_ms) VALUES (?, ?, ?, ?)",
    );
    this.#deleteCompleted = connection.statement("DELETE FROM completed_sets WHERE completed_at_ms <= ?");
    const counterOf = (table: string) => {
      const last = connection.statement<{ position: number }>(`${LAST} ${table}`);
      return new Counter(() => last.get()?.position ?? 0);
    };
    this.#lastSegment = counterOf("partial_segments");
    this.#lastCompleted = counterOf("completed_sets");
  }

  async *segments(): AsyncGenerator<StoredSegment, void, undefined> {
    for (const { position, set_tag: tag, origin, bytes } of this.#pages(this.#segments, this.#lastSegment)) {
      const [setId, sender, receivedAtMs] = this.#openOrigin(origin, "partial_segments", position, tag);
      yield {
        setId: String(setId),
        sender: String(sender),
        bytes: this.#sealer.unseal(bytes, ...placeOf("partial_segments", "bytes", position, tag)),
        receivedAtMs: Number(receivedAtMs),
      };
    }
  }

  async *completed(): AsyncGenerator<CompletedSet, void, undefined> {
    for (const row of this.#pages(this.#completed, this.#lastCompleted)) {
      const { position, set_tag: tag, origin, completed_at_ms: completedAtMs } = row;
      const [setId, sender] = this.#openOrigin(origin, "completed_sets", position, tag, completedAtMs);
      yield { setId: String(setId), sender: String(sender), completedAtMs };
    }
  }

  async add({ setId, sender, bytes, receivedAtMs }: StoredSegment): Promise<void> {
    this.#assertOpen();
    checkTime("receivedAtMs", receivedAtMs);
    const position = this.#lastSegment.next();
    const tag = this.#tagOf(setId, sender);
    const origin = this.#sealOrigin([setId, sender, receivedAtMs], "partial_segments", position, tag);
    // Sealed at once and not with the group: it is the copy that the caller is promised.
    const sealed = this.#sealer.seal(bytes, ...placeOf("partial_segments", "bytes", position, tag));
    return this.#writes.write(() => this.#insertSegment.run(position, tag, origin, sealed));
  }

  async remove(setId: string, sender: string): Promise<void> {
    this.#assertOpen();
    const tag = this.#tagOf(setId, sender);
    return this.#writes.write(() => this.#deleteSegments.run(tag));
  }

  async complete({ setId, sender, completedAtMs }: CompletedSet): Promise<void> {
    this.#assertOpen();
    checkTime("completedAtMs", completedAtMs);
    const position = this.#lastCompleted.next();
    const tag = this.#tagOf(setId, sender);
    const origin = this.#sealOrigin([setId, sender], "completed_sets", position, tag, completedAtMs);
    return this.#writes.write(() => {
      this.#deleteSegments.run(tag);
      this.#putCompleted.run(position, tag, origin, completedAtMs);
    });
  }

  async forgetCompleted(beforeMs: number): Promise<void> {
    this.#assertOpen();
    return this.#writes.write(() => this.#deleteCompleted.run(beforeMs));
  }

  /**
   * The rows that were there at the first step; one page of them at a time, without those removed before their page
   * is read. Writes given before a page is read take effect before it.
   */
  *#pages<Row extends { position: number }>(statement: Statement<Row>, last: Counter): Generator<Row> {
    this.#assertOpen();
    const end = last.value;
    let position = 0;
    while (true) {
      this.#assertOpen();
      this.#writes.commit();
      const page = statement.all(position, end);
      checkOrder(page, position);
      for (const row of page) {
        this.#assertOpen(); // the key is wiped at closing
        yield row;
        position = row.position;
      }
      if (page.length < ROWS_PER_PAGE) return;
    }
  }

  #tagOf(setId: string, sender: string): Uint8Array {
    return this.#sealer.tag("partial_sets", "set_tag", setId, sender);
  }

  #sealOrigin(origin: readonly (string | number)[], table: string, ...row: [number, Uint8Array, number?]): Uint8Array {
    return this.#sealer.seal(new TextEncoder().encode(JSON.stringify(origin)), ...placeOf(table, "origin", ...row));
  }

  #openOrigin(sealed: Uint8Array, table: string, ...row: [number, Uint8Array, number?]): readonly unknown[] {
    const origin = this.#sealer.unseal(sealed, ...placeOf(table, "origin", ...row));
    return JSON.parse(new TextDecoder().decode(origin));
  }
}

/** Begins at what the table holds, which is read at the first need: damage there does not keep the chat from opening. */
class Counter {
  readonly #read: () => number;
  #value: number | undefined;

  constructor(read: () => number) {
    this.#read = read;
  }

  get value(): number {
    this.#value ??= this.#read();
    return this.#value;
  }

  next(): number {
    this.#value = this.value + 1;
    return this.#value;
  }
}

/** All that is visible in a row is part of its place, so that changing it is detected. */
function placeOf(table: string, column: string, position: number, tag: Uint8Array, timeMs?: number): Place {
  const row = [position, Buffer.from(tag).toString("hex")] as const;
  return timeMs === undefined ? [table, column, ...row] : [table, column, ...row, timeMs];
}

/** A time that JSON and SQLite keep as it is. */
function checkTime(name: string, timeMs: number): void {
  if (!Number.isFinite(timeMs)) throw new StoreError("INVALID_RECORD", `${name}: want a finite number, got ${timeMs}`);
}
