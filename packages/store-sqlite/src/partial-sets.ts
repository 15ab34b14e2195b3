/**
 * Half-received payloads on one connection, for `DurableReassembler` of @chat/segmentation.
 * @module
 */
import type { CompletedSet, PartialSetStore, StoredSegment } from "@chat/segmentation";
import { StoreError } from "@chat/store";
import type { Connection, Statement } from "./connection.ts";
import { GroupCommit } from "./group-commit.ts";
import type { Place, Sealer } from "./sealer.ts";

type SegmentRow = { position: number; set_tag: Uint8Array; origin: Uint8Array; bytes: Uint8Array };
type CompletedRow = { position: number; set_tag: Uint8Array; origin: Uint8Array; completed_at_ms: number };

/** A segment is as large as a Waku message at most, so a page stays within a few megabytes. */
const ROWS_PER_PAGE = 32;
const LAST = "SELECT coalesce(max(position), 0) AS position FROM";

export class SqlitePartialSets implements PartialSetStore, AsyncDisposable {
  readonly #connection: Connection;
  readonly #sealer: Sealer;
  readonly #writes: GroupCommit;
  readonly #segments: Statement<SegmentRow>;
  readonly #completed: Statement<CompletedRow>;
  readonly #insertSegment: Statement<never>;
  readonly #deleteSegments: Statement<never>;
  readonly #putCompleted: Statement<never>;
  readonly #deleteCompleted: Statement<never>;
  // Counted here and not by SQLite: a value is sealed for its row before the row is there.
  #lastSegment: number;
  #lastCompleted: number;
  #closing: Promise<void> | undefined;

  /** Takes over the connection and the sealer, and releases both in {@link close}. */
  constructor(connection: Connection, sealer: Sealer) {
    this.#connection = connection;
    this.#sealer = sealer;
    this.#writes = new GroupCommit(connection);
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
    const lastOf = (table: string) =>
      connection.statement<{ position: number }>(`${LAST} ${table}`).get()?.position ?? 0;
    this.#lastSegment = lastOf("partial_segments");
    this.#lastCompleted = lastOf("completed_sets");
  }

  async *segments(): AsyncGenerator<StoredSegment, void, undefined> {
    for (const { position, set_tag: tag, origin, bytes } of this.#pages(this.#segments, () => this.#lastSegment)) {
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
    for (const row of this.#pages(this.#completed, () => this.#lastCompleted)) {
      const { position, set_tag: tag, origin, completed_at_ms: completedAtMs } = row;
      const [setId, sender] = this.#openOrigin(origin, "completed_sets", position, tag, completedAtMs);
      yield { setId: String(setId), sender: String(sender), completedAtMs };
    }
  }

  async add({ setId, sender, bytes, receivedAtMs }: StoredSegment): Promise<void> {
    this.#assertOpen();
    checkTime("receivedAtMs", receivedAtMs);
    this.#lastSegment += 1;
    const position = this.#lastSegment;
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
    this.#lastCompleted += 1;
    const position = this.#lastCompleted;
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

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    try {
      this.#writes.commit();
      this.#connection.close();
    } finally {
      this.#sealer.wipe();
    }
  }

  /**
   * The rows that were there at the first step; one page of them at a time, without those removed before their page
   * is read. Writes given before a page is read take effect before it.
   */
  *#pages<Row extends { position: number }>(statement: Statement<Row>, last: () => number): Generator<Row> {
    const end = last();
    let position = 0;
    while (true) {
      this.#assertOpen();
      this.#writes.commit();
      const page = statement.all(position, end);
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

  #assertOpen(): void {
    if (this.#closing !== undefined) throw new StoreError("CLOSED", "store: want it open, got a call after close()");
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
