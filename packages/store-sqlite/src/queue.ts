/**
 * The queue of a rate limit manager, for `RateLimitManager` of @chat/ratelimit.
 * @module
 */
import {
  type EndedRecord,
  type LedgerRecord,
  type QueueChange,
  type QueueContents,
  type QueuedRecord,
  type QueueStore,
  RateLimitError,
} from "@chat/ratelimit";
import type { Statement } from "./connection.ts";
import type { GroupCommit } from "./group-commit.ts";
import { checkOrder } from "./read-check.ts";
import type { Place, Sealer } from "./sealer.ts";
import type { StoreParts } from "./store-parts.ts";

type RecordRow = { position: number; tag: Uint8Array; record: Uint8Array };
type RecordTable = "queued_messages" | "ended_messages";

/** Bounds what reading holds beside the records themselves: a row has a few hundred bytes. */
const ROWS_PER_PAGE = 1_000;
const encoder = new TextEncoder();
const LEDGER: Place = ["quota_ledger", "ledger", 1];

export class SqliteQueue implements QueueStore {
  readonly #sealer: Sealer;
  readonly #writes: GroupCommit;
  readonly #isStoreOpen: () => boolean;
  readonly #pages: Readonly<Record<RecordTable, Statement<RecordRow>>>;
  readonly #ledger: Statement<{ ledger: Uint8Array }>;
  readonly #restoredAt: Statement<{ restored_at_ms: number | null }>;
  readonly #bytes: Statement<{ bytes: Uint8Array | null }>;
  readonly #putRecord: Statement<never>;
  readonly #putBytes: Statement<never>;
  readonly #deleteQueued: Statement<never>;
  readonly #putEnded: Statement<never>;
  readonly #deleteEnded: Statement<never>;
  readonly #putLedger: Statement<never>;
  #isClosed = false;

  constructor({ connection, sealer, writes, isOpen }: StoreParts) {
    this.#sealer = sealer;
    this.#writes = writes;
    this.#isStoreOpen = isOpen;
    const pagesOf = (table: RecordTable) =>
      connection.statement<RecordRow>(
        `SELECT position, tag, record FROM ${table} WHERE position > ? ORDER BY position LIMIT ${ROWS_PER_PAGE}`,
      );
    this.#pages = { queued_messages: pagesOf("queued_messages"), ended_messages: pagesOf("ended_messages") };
    this.#ledger = connection.statement("SELECT ledger FROM quota_ledger");
    this.#restoredAt = connection.statement("SELECT restored_at_ms FROM lineage");
    this.#bytes = connection.statement(
      "SELECT +bytes AS bytes FROM queued_messages LEFT JOIN queued_bytes USING (position) WHERE tag = ?",
    );
    this.#putRecord = connection.statement(
      "INSERT INTO queued_messages (tag, record) VALUES (?, ?) ON CONFLICT (tag) DO UPDATE SET record = excluded.record",
    );
    this.#putBytes = connection.statement(
      "INSERT OR REPLACE INTO queued_bytes (position, bytes) SELECT position, ? FROM queued_messages WHERE tag = ?",
    );
    this.#deleteQueued = connection.statement("DELETE FROM queued_messages WHERE tag = ?");
    // Replacing gives a new position, so a message that ends once more is the last again.
    this.#putEnded = connection.statement("INSERT OR REPLACE INTO ended_messages (tag, record) VALUES (?, ?)");
    this.#deleteEnded = connection.statement("DELETE FROM ended_messages WHERE tag = ?");
    this.#putLedger = connection.statement("INSERT OR REPLACE INTO quota_ledger (id, ledger) VALUES (1, ?)");
  }

  /** In one go, so that it shows one moment; the thread is busy meanwhile. */
  async load(): Promise<QueueContents> {
    this.#assertOpen();
    this.#writes.commit();
    const row = this.#ledger.get();
    const ledger: LedgerRecord | undefined = row && this.#unsealJson(row.ledger, LEDGER);
    const queued = this.#records<QueuedRecord>("queued_messages").sort((a, b) => a.sequence - b.sequence);
    const restoredAtMs = this.#restoredAt.get()?.restored_at_ms ?? undefined;
    return {
      ...(ledger !== undefined && { ledger }),
      queued,
      ended: this.#records<EndedRecord>("ended_messages"),
      ...(restoredAtMs !== undefined && { restoredAtMs }),
    };
  }

  async commit(changes: readonly QueueChange[]): Promise<void> {
    this.#assertOpen();
    // Sealed at once and not with the group: it is the copy that the caller is promised.
    const steps = changes.flatMap((change) => this.#stepsOf(change));
    return this.#writes.write(() => {
      for (const step of steps) step();
    });
  }

  async bytesOf(id: string): Promise<Uint8Array | undefined> {
    this.#assertOpen();
    this.#writes.commit();
    const tag = this.#tagOf(id);
    const row = this.#bytes.get(tag);
    if (row === undefined) return undefined;
    return row.bytes === null ? new Uint8Array() : this.#sealer.unseal(row.bytes, ...placeOf("queued_bytes", tag));
  }

  /** Of the queue alone: the store stays open, and gives the queue to another manager. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#writes.commit();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** What a change does to the database, one statement each. */
  #stepsOf(change: QueueChange): (() => void)[] {
    if (change.kind === "ledger") {
      const ledger = this.#sealJson(change.ledger, LEDGER);
      return [() => this.#putLedger.run(ledger)];
    }
    if (change.kind === "forget") {
      const tags = change.ids.map((id) => this.#tagOf(id));
      return tags.map((tag) => () => this.#deleteEnded.run(tag));
    }
    const tag = this.#tagOf(change.record.id);
    if (change.kind === "end") {
      const record = this.#sealJson(change.record, placeOf("ended_messages", tag));
      return [() => this.#deleteQueued.run(tag), () => this.#putEnded.run(tag, record)];
    }
    const record = this.#sealJson(change.record, placeOf("queued_messages", tag));
    const putRecord = () => this.#putRecord.run(tag, record);
    if (change.bytes === undefined) return [putRecord];
    const bytes = this.#sealer.seal(change.bytes, ...placeOf("queued_bytes", tag));
    return [putRecord, () => this.#putBytes.run(bytes, tag)];
  }

  /** By position. */
  #records<Item>(table: RecordTable): Item[] {
    const records: Item[] = [];
    for (let position = 0; ; ) {
      const page = this.#pages[table].all(position);
      checkOrder(page, position);
      for (const { tag, record } of page) records.push(this.#unsealJson(record, placeOf(table, tag)));
      const last = page.at(-1);
      if (last === undefined || page.length < ROWS_PER_PAGE) return records;
      position = last.position;
    }
  }

  #tagOf(id: string): Uint8Array {
    return this.#sealer.tag("queued_messages", "tag", id);
  }

  #sealJson(value: QueuedRecord | EndedRecord | LedgerRecord, place: Place): Uint8Array {
    return this.#sealer.seal(encoder.encode(JSON.stringify(value)), ...place);
  }

  /** @typeParam Value - what {@link #sealJson} was given for this place; the seal vouches for it */
  #unsealJson<Value>(sealed: Uint8Array, place: Place): Value {
    return JSON.parse(this.#sealer.unsealText(sealed, ...place));
  }

  #assertOpen(): void {
    if (!this.#isClosed && this.#isStoreOpen()) return;
    throw new RateLimitError("CLOSED", "queue store: want it open, got a call after close()");
  }
}

/** By its tag and not by its position: a value is sealed for its row before the row is there. */
function placeOf(table: RecordTable | "queued_bytes", tag: Uint8Array): Place {
  return [
    table,
    table === "queued_bytes" ? "bytes" : "record",
    Buffer.from(tag.buffer, tag.byteOffset, tag.length).toString("hex"),
  ];
}
