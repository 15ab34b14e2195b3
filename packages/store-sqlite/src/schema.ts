/**
 * Which schema a file has, and how it gets to the one of this package: numbered migrations, forward only.
 * @module
 */
import { StoreError } from "@chat/store";
import { Connection } from "./connection.ts";
import { FIRST } from "./migrations/0001-first.ts";
import { PARTIAL_SETS } from "./migrations/0002-partial-sets.ts";
import { QUEUE } from "./migrations/0003-queue.ts";
import { TRANSMISSIONS } from "./migrations/0004-transmissions.ts";
import { TWO_FILES } from "./migrations/0005-two-files.ts";
import { LISTS } from "./migrations/0006-lists.ts";
import { LINEAGE } from "./migrations/0007-lineage.ts";
import { PEERS } from "./migrations/0008-peers.ts";
import { LIFE } from "./migrations/0009-life.ts";
import { HELD } from "./migrations/0010-held.ts";
import { SENT } from "./migrations/0011-sent.ts";

/** Migration n takes a database from `user_version` n - 1 to n. */
const MIGRATIONS: readonly string[] = [
  ...[FIRST, PARTIAL_SETS, QUEUE, TRANSMISSIONS, TWO_FILES],
  ...[LISTS, LINEAGE, PEERS, LIFE, HELD, SENT],
];

/** Older ones do not know which copy they are. */
export const FIRST_WITH_LINEAGE = MIGRATIONS.indexOf(LINEAGE) + 1;

/** "chat" in ASCII: tells our files from other SQLite databases. */
const APPLICATION_ID = 0x63686174;

/**
 * The version of the schema in the file; 0 if there is none yet.
 * @throws {@link StoreError} `SCHEMA_TOO_NEW`; `CORRUPT` if another application wrote the file
 */
export function schemaVersion(connection: Connection): number {
  const version = Number(connection.pragma("user_version"));
  const applicationId = Number(connection.pragma("application_id"));
  if (applicationId !== APPLICATION_ID || version < 1) {
    const objects = connection.statement<{ count: number }>("SELECT count(*) AS count FROM sqlite_schema").get()?.count;
    if (applicationId === 0 && version === 0 && objects === 0) return 0;
    throw new StoreError("CORRUPT", "database: want one of @chat/store-sqlite, got that of another application");
  }
  if (version > MIGRATIONS.length) {
    throw new StoreError(
      "SCHEMA_TOO_NEW",
      `database: want schema ≤ ${MIGRATIONS.length}, got ${version}; update @chat/store-sqlite`,
    );
  }
  return version;
}

/**
 * Checks that the file has the tables and indexes of its version and nothing else. A view or a trigger of somebody who can
 * write the file would run inside our own statements: a view under the name of a table may have endless rows.
 * @throws {@link StoreError} `CORRUPT`
 */
export function checkObjects(connection: Connection, version: number): void {
  const [actual, wanted] = [objectsIn(connection), objectsOf(version)];
  if (actual === wanted) return;
  throw new StoreError("CORRUPT", `database: want the tables and indexes of schema ${version}, got others`);
}

const known = new Map<number, string>();

/** As an empty database has them; made once in a process. */
function objectsOf(version: number): string {
  let objects = known.get(version);
  if (objects === undefined) {
    const empty = new Connection(":memory:");
    for (const sql of MIGRATIONS.slice(0, version)) empty.exec(sql);
    objects = objectsIn(empty);
    empty.close();
    known.set(version, objects);
  }
  return objects;
}

function objectsIn(connection: Connection): string {
  const sql = "SELECT type, name, tbl_name FROM sqlite_schema ORDER BY type, name, tbl_name";
  return JSON.stringify(connection.statement<{ type: string; name: string; tbl_name: string }>(sql).all());
}

/** Brings the schema from `version` to the newest one; runs inside the caller's transaction. */
export function migrate(connection: Connection, version: number): void {
  for (const sql of MIGRATIONS.slice(version)) connection.exec(sql);
  connection.pragma(`application_id = ${APPLICATION_ID}`);
  connection.pragma(`user_version = ${MIGRATIONS.length}`);
}
