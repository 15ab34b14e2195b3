/**
 * Databases that nobody wrote: bytes, pages and headers changed without knowledge and with it, logs whose checksums are
 * right, and rows and schemas changed by SQLite itself.
 * @module
 */
import { readFileSync, writeFileSync } from "node:fs";
import Database from "better-sqlite3";
import type { Random } from "../random.ts";
import { oddBytes } from "../ratchet/odd-bytes.ts";
import { framesOf, walOf } from "./hostile-wal.ts";

/** What is there when the database is opened; the log and the journal only if there are any. */
export type Files = {
  readonly database: Uint8Array;
  readonly wal?: Uint8Array;
  readonly journal?: Uint8Array;
};

/** An intact database: closed, and as it is left by a process that was killed. */
export type Bases = { readonly closed: Uint8Array; readonly killed: Required<Omit<Files, "journal">> };

type Mutation = (random: Random, bases: Bases, path: string) => Files;

export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  flips: (random, { closed }) => ({ database: flipped(random, closed) }),
  structure: (random, { closed }) => ({ database: withHostileStructure(random, closed) }),
  cut: (random, { closed }) => ({ database: cut(random, closed) }),
  pages: (random, { closed }) => ({ database: withOtherPages(random, closed) }),
  header: (random, { closed }) => ({ database: withHostileHeader(random, closed) }),
  wal: (random, { killed }) => damagedLog(random, killed),
  "forged-wal": (random, { closed, killed }) =>
    forgedLog(random, random.chance(0.5) ? closed : killed.database, killed.wal),
  journal: (random, { closed }) => withJournal(random, closed),
  rows: (random, { closed }, path) => ({ database: bySql(random, closed, path, hostileRows) }),
  schema: (random, { closed }, path) => ({ database: bySql(random, closed, path, hostileSchema) }),
};

const PAGE = 4_096;

function flipped(random: Random, bytes: Uint8Array): Uint8Array {
  const changed = bytes.slice();
  for (let flips = random.spread(1, 40); flips > 0; flips -= 1) {
    const at = random.below(changed.length);
    changed[at] = (changed[at] ?? 0) ^ (1 << random.below(8));
  }
  return changed;
}

/** Where SQLite finds its way: headers and pointers of pages, lengths at the beginning of cells. */
function withHostileStructure(random: Random, bytes: Uint8Array): Uint8Array {
  const changed = bytes.slice();
  const view = new DataView(changed.buffer);
  for (let changes = random.between(1, 3); changes > 0; changes -= 1) {
    const page = random.below(changed.length / PAGE);
    const start = page * PAGE + (page === 0 ? 100 : 0);
    const cells = Math.min(view.getUint16(start + 3), 200);
    const at = random.pick([
      start + random.below(12),
      start + 8 + random.below(2 * cells + 4),
      Math.min(
        page * PAGE + view.getUint16(start + 8 + 2 * random.below(cells + 1)) + random.below(12),
        changed.length - 12,
      ),
    ]);
    changed.set(oddBytes(random, random.between(1, Math.min(9, changed.length - at))), at);
  }
  return changed;
}

function cut(random: Random, bytes: Uint8Array): Uint8Array {
  const length = random.chance(0.5) ? random.below(bytes.length) : PAGE * random.below(bytes.length / PAGE);
  if (random.chance(0.8)) return bytes.slice(0, length);
  return joined(bytes, oddBytes(random, random.spread(1, 3 * PAGE)));
}

function withOtherPages(random: Random, bytes: Uint8Array): Uint8Array {
  const changed = bytes.slice();
  const count = changed.length / PAGE;
  for (let changes = random.between(1, 4); changes > 0; changes -= 1) {
    const [to, from] = [random.below(count) * PAGE, random.below(count) * PAGE];
    const kept = changed.slice(to, to + PAGE);
    changed.set(random.chance(0.6) ? changed.slice(from, from + PAGE) : oddBytes(random, PAGE), to);
    if (random.chance(0.5)) changed.set(kept, from);
  }
  return changed;
}

/** Fields of the header by offset and length. */
const HEADER = [
  [0, 16], [16, 2], [18, 1], [19, 1], [20, 1], [21, 1], [22, 1], [23, 1], [24, 4], [28, 4], [32, 4], [36, 4], [40, 4],
  [44, 4], [48, 4], [52, 4], [56, 4], [60, 4], [64, 4], [68, 4], [72, 20], [92, 4], [96, 4],
] as const; // biome-ignore format: a table

function withHostileHeader(random: Random, bytes: Uint8Array): Uint8Array {
  const changed = bytes.slice();
  const view = new DataView(changed.buffer);
  for (let changes = random.between(1, 3); changes > 0; changes -= 1) {
    const [at, length] = random.pick(HEADER);
    const value = random.pick([0, 1, 2, 3, 4, 5, 0x7fff_ffff, 0xffff_ffff, changed.length / PAGE, random.word()]);
    if (length === 4) view.setUint32(at, value);
    else if (length === 2) view.setUint16(at, random.pick([0, 1, 2, 511, 512, 1_024, 8_192, 32_768, 65_535, value]));
    else if (length === 1) view.setUint8(at, value);
    else changed.set(oddBytes(random, length), at);
  }
  return changed;
}

function damagedLog(random: Random, { database, wal }: Bases["killed"]): Files {
  switch (random.below(5)) {
    case 0:
      return { database, wal: wal.slice(0, random.below(wal.length)) };
    case 1:
      return { database, wal: joined(wal, oddBytes(random, random.spread(1, 3 * PAGE))) };
    case 2:
      return { database: flipped(random, database), wal };
    case 3: {
      const changed = wal.slice(); // its header, where the flips would hardly ever hit
      changed.set(oddBytes(random, random.between(1, 8)), random.below(24));
      return { database, wal: changed };
    }
    default:
      return { database, wal: flipped(random, wal) };
  }
}

/** All checksums are right. */
function forgedLog(random: Random, database: Uint8Array, wal: Uint8Array): Files {
  const frames = framesOf(wal);
  const changed = random.chance(0.5) ? frames : random.shuffle(frames).slice(0, random.between(1, frames.length));
  const forged = changed.map((frame) => {
    if (random.chance(0.7)) return frame;
    const number = random.pick([0, 1, 2, 0x7fff_ffff, 0xffff_ffff, random.below(200)]);
    const pagesAfterCommit = random.pick([frame.pagesAfterCommit, frame.pagesAfterCommit, 0, number]);
    const content = random.pick([frame.content, flipped(random, frame.content), oddBytes(random, PAGE)]);
    return { page: random.chance(0.3) ? number : frame.page, pagesAfterCommit, content };
  });
  return {
    database,
    wal: walOf(forged, random.chance(0.9) ? PAGE : random.pick([0, 512, 8_192, 65_536, random.word()])),
  };
}

/** A rollback journal, which a database in another mode would be rolled back with. */
function withJournal(random: Random, closed: Uint8Array): Files {
  const database = closed.slice();
  if (random.chance(0.7)) database.set([1, 1], 18); // not in the mode for write-ahead logs
  const header = new Uint8Array(512);
  const view = new DataView(header.buffer);
  view.setBigUint64(0, 0xd9d5_05f9_20a1_63d7n);
  const pages = random.between(1, 4);
  view.setUint32(8, random.pick([pages, 0xffff_ffff, 0]));
  const nonce = random.word();
  view.setUint32(12, nonce);
  view.setUint32(16, random.pick([closed.length / PAGE, 1, 0, 0x7fff_ffff]));
  view.setUint32(20, random.pick([512, 512, 0, 4_096]));
  view.setUint32(24, random.pick([PAGE, PAGE, 512, 65_536, 0]));
  const records = Array.from({ length: pages }, () => {
    const number = random.pick([1, 1 + random.below(closed.length / PAGE), 0xffff_ffff]);
    const start = PAGE * random.below(closed.length / PAGE);
    return journalRecord(
      number,
      random.chance(0.5) ? closed.slice(start, start + PAGE) : oddBytes(random, PAGE),
      nonce,
    );
  });
  return { database, journal: joined(header, ...records) };
}

function journalRecord(page: number, content: Uint8Array, nonce: number): Uint8Array {
  const record = new Uint8Array(content.length + 8);
  const view = new DataView(record.buffer);
  view.setUint32(0, page);
  record.set(content, 4);
  let sum = nonce;
  for (let at = content.length - 200; at > 0; at -= 200) sum = (sum + (content[at] ?? 0)) >>> 0;
  view.setUint32(content.length + 4, sum);
  return record;
}

function bySql(
  random: Random,
  closed: Uint8Array,
  path: string,
  change: (random: Random, database: Database.Database) => void,
): Uint8Array {
  writeFileSync(path, closed);
  const database = new Database(path);
  try {
    database.unsafeMode();
    database.pragma("journal_mode = DELETE");
    database.pragma("foreign_keys = OFF");
    database.pragma("writable_schema = ON");
    database.pragma("ignore_check_constraints = ON");
    for (let changes = random.between(1, 3); changes > 0; changes -= 1) tryTo(() => change(random, database));
  } finally {
    database.close();
  }
  return new Uint8Array(readFileSync(path));
}

type Column = { readonly name: string; readonly type: string };

function hostileRows(random: Random, database: Database.Database): void {
  const names = database.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all();
  const table = random.pick(names);
  const columns = database.prepare<[], Column>(`SELECT name, type FROM pragma_table_info('${table}')`).all();
  if (columns.length === 0) return; // an earlier change has left no table of that name
  const { name, type } = random.pick(columns);
  const other = random.pick(columns).name;
  const some = `(SELECT "${name}" FROM "${table}" LIMIT ${random.spread(1, 40)} OFFSET ${random.below(5)})`;
  const statement = random.pick([
    `DELETE FROM "${table}" WHERE "${name}" IN ${some}`,
    `UPDATE OR REPLACE "${table}" SET "${name}" = ${some}`,
    `UPDATE OR IGNORE "${table}" SET "${name}" = "${other}"`,
    `UPDATE OR IGNORE "${table}" SET "${name}" = ${hostileValue(random, type)}`,
    `UPDATE OR IGNORE "${table}" SET "${name}" = substr("${name}", 1, length("${name}") - ${random.between(1, 30)})`,
    `UPDATE OR IGNORE "${table}" SET "${name}" = CAST("${name}" || x'${"00".repeat(random.between(1, 9))}' AS ${type})`,
  ]);
  database.exec(statement);
}

function hostileValue(random: Random, type: string): string {
  if (type === "BLOB")
    return random.pick(["x''", "zeroblob(12)", "zeroblob(28)", "zeroblob(5000)", sqlBytes(random.bytes(60))]);
  if (type === "REAL") return random.pick(["9e999", "-9e999", "-1.5", "1e300"]);
  if (type === "TEXT") return random.pick(["''", "'x'", "char(0)", "CAST(x'ff80' AS TEXT)", "'passphrase'"]);
  return random.pick(["0", "-1", "9223372036854775807", "-9223372036854775808", "9007199254740993", "16384"]);
}

function sqlBytes(bytes: Uint8Array): string {
  return `x'${Buffer.from(bytes).toString("hex")}'`;
}

/** Endless work, and other tables under the names of ours. */
const ENDLESS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)";

function hostileSchema(random: Random, database: Database.Database): void {
  const names = database.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all();
  const table = random.pick(names.filter((name) => !name.startsWith("sqlite_")));
  const indexes = database.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'index'").pluck().all();
  const text =
    database.prepare<[string], string>("SELECT sql FROM sqlite_schema WHERE name = ?").pluck().get(table) ?? "";
  const columns = database.prepare<[], Column>(`SELECT name, type FROM pragma_table_info('${table}')`).all();
  if (columns.length === 0) return; // an earlier change has left no table of that name
  const list = columns.map(({ name }) => `"${name}"`).join(", ");
  const endless = columns.map(({ name }) => `i AS "${name}"`).join(", ");
  const statement = random.pick([
    `DROP TABLE "${table}"`,
    `DROP INDEX "${random.pick(indexes)}"`,
    `ALTER TABLE "${table}" RENAME TO aside; CREATE VIEW "${table}" AS SELECT ${list} FROM aside`,
    `ALTER TABLE "${table}" RENAME TO aside; CREATE VIEW "${table}" AS ${ENDLESS} SELECT ${endless} FROM n`,
    `ALTER TABLE "${table}" RENAME TO aside; CREATE TABLE "${table}" (${list})`,
    `ALTER TABLE "${table}" RENAME TO aside; CREATE TABLE "${table}" AS SELECT * FROM aside`,
    `ALTER TABLE "${table}" DROP COLUMN "${random.pick(columns).name}"`,
    `ALTER TABLE "${table}" ADD COLUMN hostile TEXT AS (hex(zeroblob(1000000))) VIRTUAL`,
    `CREATE TRIGGER hostile AFTER INSERT ON "${table}" BEGIN INSERT INTO cursors ${ENDLESS} SELECT i, 1 FROM n; END`,
    `CREATE TRIGGER hostile AFTER UPDATE ON "${table}" BEGIN DELETE FROM "${table}"; END`,
    `CREATE TRIGGER hostile BEFORE INSERT ON "${table}" BEGIN SELECT RAISE(IGNORE); END`,
    `UPDATE sqlite_schema SET sql = replace(sql, 'STRICT', '') WHERE name = '${table}'`,
    `UPDATE sqlite_schema SET sql = '${hostileText(random, text).replaceAll("'", "''")}' WHERE name = '${table}'`,
    `UPDATE sqlite_schema SET rootpage = ${random.pick([0, 1, 2, -1, 99_999, random.below(40)])} WHERE name = '${table}'`,
    `UPDATE sqlite_schema SET type = 'index' WHERE name = '${table}'`,
    `DELETE FROM sqlite_schema WHERE name = '${table}'`,
    `PRAGMA user_version = ${random.pick([-1, 0, 1, 2, 3, 99, 2_147_483_647])}`,
    `PRAGMA application_id = ${random.word() | 0}`,
  ]);
  database.exec(statement);
}

function hostileText(random: Random, sql: string): string {
  const at = random.below(sql.length + 1);
  if (random.chance(0.5)) return sql.slice(0, at) + sql.slice(at + random.between(1, 9));
  return sql.replace(/INTEGER|TEXT|BLOB/, () => random.pick(["", "ANY", "INTEGER", "TEXT", "BLOB", "REAL"]));
}

/** What SQLite refuses to change stays as it is. */
function tryTo(change: () => void): void {
  try {
    change();
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) throw error;
  }
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
