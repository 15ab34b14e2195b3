/**
 * The message store of one service node, in SQLite. Ordered by (timestamp, hash); one row for each hash.
 * @module
 */
import Database from "better-sqlite3";
import { DevnetError } from "./errors.ts";
import type { Message } from "./message.ts";
import { openWriteAheadLog, type WriteAheadLog } from "./write-ahead-log.ts";

/** Bytes of messages on one page: light nodes refuse a reply above 4 MiB. */
const MAX_PAGE_BYTES = 3 * 1024 * 1024;

const IN_MEMORY = ":memory:";

/** Of 4 KiB. So much is written before it moves to the database, which stops the event loop. */
const PAGES_OF_LOG = 8_000;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS message (
    hash BLOB PRIMARY KEY,
    pubsub_topic TEXT NOT NULL,
    content_topic TEXT NOT NULL,
    timestamp_ns INTEGER NOT NULL,
    bytes BLOB NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS message_by_topic ON message (content_topic, timestamp_ns, hash);
  CREATE INDEX IF NOT EXISTS message_by_time ON message (timestamp_ns, hash);
`;

export type StoredMessage = {
  readonly hash: Uint8Array;
  readonly pubsubTopic: string;
  readonly timestampNs: bigint;
  /** The Waku message as protobuf. */
  readonly bytes: Uint8Array;
};

export type ArchiveQuery = {
  readonly pubsubTopic?: string;
  /** Empty for all. */
  readonly contentTopics?: readonly string[];
  /** Both ends are included. */
  readonly timeStartNs?: bigint;
  readonly timeEndNs?: bigint;
  /** Empty for all. */
  readonly hashes?: readonly Uint8Array[];
  /** Hash of the message that the page before ended with; it is not on this page. */
  readonly cursor?: Uint8Array;
  readonly direction: "forward" | "backward";
  readonly limit: number;
};

export type ArchivePage =
  /** Oldest first in both directions. `next` is there when more follows in the direction of the query. */
  | { readonly kind: "page"; readonly messages: readonly StoredMessage[]; readonly next?: Uint8Array }
  | { readonly kind: "unknown-cursor" };

export interface Retention {
  /** Older messages are removed, by their timestamp. @default Infinity */
  readonly maxAgeMs?: number;
  /** Beyond so many bytes of messages, the oldest are removed. @default 1 GiB */
  readonly maxBytes?: number;
}

/** A message that is in the store, as every query shows from now on. */
export type Written = {
  /** Whether it was not there before. */
  readonly isNew: boolean;
  /** Resolves when it would survive a power cut. Rejects when the disk failed; unobserved, that is not an error. */
  readonly durable: Promise<void>;
};

export type ResolvedRetention = Required<Retention>;

const REMOVED_AT_ONCE = 500;
const FOREVER: ResolvedRetention = { maxAgeMs: Number.POSITIVE_INFINITY, maxBytes: Number.POSITIVE_INFINITY };

type Row = { hash: Uint8Array; pubsub_topic: string; timestamp_ns: bigint; bytes: Uint8Array };
type Aged = { hash: Uint8Array; timestamp_ns: bigint; size: bigint };
type Pending = { readonly message: Message; resolve(written: Written): void; reject(error: unknown): void };
type Value = string | bigint | Uint8Array;

export class MessageArchive {
  readonly #db: Database.Database;
  readonly #insert: Database.Statement;
  readonly #position: Database.Statement;
  readonly #oldest: Database.Statement;
  readonly #remove: Database.Statement;
  readonly #retention: ResolvedRetention;
  readonly #log: WriteAheadLog | undefined;
  #bytes: number;
  #pending: Pending[] = [];

  /**
   * @param path - a file name, or ":memory:"
   * @throws {@link DevnetError} `DATA_DIR_UNUSABLE`, also when another process has the file open
   */
  constructor(path: string, retention: ResolvedRetention = FOREVER, openLog = openWriteAheadLog) {
    let db: Database.Database | undefined;
    try {
      db = new Database(path, { timeout: 0 });
      db.defaultSafeIntegers(true);
      db.pragma("locking_mode = EXCLUSIVE"); // one owner for each file
      db.pragma("journal_mode = WAL");
      // Only what moves from the log to the file; for the log itself there is {@link WriteAheadLog}.
      db.pragma("synchronous = NORMAL");
      db.pragma(`wal_autocheckpoint = ${PAGES_OF_LOG}`);
      db.exec(SCHEMA);
      this.#insert = db.prepare("INSERT OR IGNORE INTO message VALUES (?, ?, ?, ?, ?)");
      this.#position = db.prepare("SELECT timestamp_ns FROM message WHERE hash = ?");
      this.#oldest = db.prepare(
        "SELECT hash, timestamp_ns, length(bytes) AS size FROM message ORDER BY timestamp_ns, hash LIMIT ?",
      );
      this.#remove = db.prepare("DELETE FROM message WHERE hash = ?");
      const { total } = db.prepare("SELECT total(length(bytes)) AS total FROM message").get() as { total: number };
      this.#bytes = Number(total);
      this.#log = path === IN_MEMORY ? undefined : openLog(path);
    } catch (cause) {
      db?.close();
      const hint = "want a file this process can write and no other devnet uses";
      throw new DevnetError("DATA_DIR_UNUSABLE", `message store ${path}: ${hint}`, { cause });
    }
    this.#db = db;
    this.#retention = retention;
  }

  /** Of the messages alone, without what the file needs besides. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Timestamp of the newest message; 0 when there is none. */
  get newestNs(): bigint {
    const row = this.#db.prepare("SELECT max(timestamp_ns) AS newest FROM message").get() as { newest: bigint | null };
    return row.newest ?? 0n;
  }

  /**
   * Removes what is too old, and the oldest of what is too much; a part at a time, so that requests come in between.
   * @returns how many messages went
   */
  prune(nowMs: number): number {
    const { maxAgeMs, maxBytes } = this.#retention;
    const eldestNs =
      maxAgeMs === Number.POSITIVE_INFINITY ? undefined : BigInt(Math.trunc(nowMs - maxAgeMs)) * 1_000_000n;
    let removed = 0;
    this.#db.transaction(() => {
      for (const { hash, timestamp_ns, size } of this.#oldest.all(REMOVED_AT_ONCE) as Aged[]) {
        if (this.#bytes <= maxBytes && (eldestNs === undefined || timestamp_ns >= eldestNs)) break;
        this.#remove.run(hash);
        this.#bytes -= Number(size);
        removed += 1;
      }
    })();
    return removed;
  }

  /** Removes everything. */
  forget(): void {
    this.#db.exec("DELETE FROM message");
    this.#bytes = 0;
  }

  /**
   * Resolves when the message is written. What arrives in one turn of the event loop shares one transaction, and what is
   * written while the disk is busy one sync.
   */
  put(message: Message): Promise<Written> {
    return new Promise((resolve, reject) => {
      if (this.#pending.length === 0) setImmediate(() => this.#commit());
      this.#pending.push({ message, resolve, reject });
    });
  }

  query(query: ArchiveQuery): ArchivePage {
    const forward = query.direction === "forward";
    const conditions: string[] = [];
    const values: Value[] = [];
    const where = (condition: string, ...bound: Value[]) => {
      conditions.push(condition);
      values.push(...bound);
    };
    const { pubsubTopic, contentTopics = [], hashes = [], timeStartNs, timeEndNs, cursor } = query;
    if (pubsubTopic !== undefined) where("pubsub_topic = ?", pubsubTopic);
    if (contentTopics.length > 0) where(`content_topic IN (${placeholders(contentTopics)})`, ...contentTopics);
    if (hashes.length > 0) where(`hash IN (${placeholders(hashes)})`, ...hashes);
    if (timeStartNs !== undefined) where("timestamp_ns >= ?", timeStartNs);
    if (timeEndNs !== undefined) where("timestamp_ns <= ?", timeEndNs);
    if (cursor !== undefined) {
      const position = this.#position.get(cursor) as { timestamp_ns: bigint } | undefined;
      if (position === undefined) return { kind: "unknown-cursor" };
      where(`(timestamp_ns, hash) ${forward ? ">" : "<"} (?, ?)`, position.timestamp_ns, cursor);
    }
    const order = forward ? "ASC" : "DESC";
    const rows = this.#db
      .prepare(
        `SELECT hash, pubsub_topic, timestamp_ns, bytes FROM message
         ${conditions.length > 0 ? `WHERE ${conditions.join(" AND ")}` : ""}
         ORDER BY timestamp_ns ${order}, hash ${order} LIMIT ?`,
      )
      .iterate(...values, query.limit + 1) as IterableIterator<Row>;
    return page(rows, query.limit, forward);
  }

  /** Writes what is pending and closes the file. Idempotent. */
  close(): void {
    if (!this.#db.open) return;
    this.#commit();
    this.#db.close();
    void this.#log?.close();
  }

  #commit(): void {
    const batch = this.#pending;
    this.#pending = [];
    if (batch.length === 0) return;
    try {
      const isNew = this.#db.transaction(() => batch.map(({ message }) => this.#write(message)))();
      const durable = this.#log?.synced() ?? Promise.resolve();
      durable.catch(() => {}); // for whoever asks
      for (const [index, { resolve }] of batch.entries()) resolve({ isNew: isNew[index] === true, durable });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  #write({ hash, pubsubTopic, contentTopic, timestampNs, bytes }: Message): boolean {
    const isNew = this.#insert.run(hash, pubsubTopic, contentTopic, timestampNs, bytes).changes > 0;
    if (isNew) this.#bytes += bytes.length;
    return isNew;
  }
}

function page(rows: Iterable<Row>, limit: number, forward: boolean): ArchivePage {
  const messages: StoredMessage[] = [];
  let pageBytes = 0;
  let more = false;
  for (const { hash, pubsub_topic, timestamp_ns, bytes } of rows) {
    pageBytes += bytes.length;
    more = messages.length === limit || (messages.length > 0 && pageBytes > MAX_PAGE_BYTES);
    if (more) break;
    messages.push({ hash, pubsubTopic: pubsub_topic, timestampNs: timestamp_ns, bytes });
  }
  const next = more ? messages.at(-1)?.hash : undefined;
  if (!forward) messages.reverse();
  return next === undefined ? { kind: "page", messages } : { kind: "page", messages, next };
}

function placeholders(values: readonly unknown[]): string {
  return values.map(() => "?").join(", ");
}
