/**
 * Which schema a file has, and how it gets to the one of this package: numbered migrations, forward only.
 * @module
 */
import { StoreError } from "@chat/store";
import type { Connection } from "./connection.ts";
import { FIRST } from "./migrations/0001-first.ts";
import { PARTIAL_SETS } from "./migrations/0002-partial-sets.ts";
import { QUEUE } from "./migrations/0003-queue.ts";
import { TRANSMISSIONS } from "./migrations/0004-transmissions.ts";

/** Migration n takes a database from `user_version` n - 1 to n. */
const MIGRATIONS: readonly string[] = [FIRST, PARTIAL_SETS, QUEUE, TRANSMISSIONS];

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

/** Brings the schema from `version` to the newest one; runs inside the caller's transaction. */
export function migrate(connection: Connection, version: number): void {
  for (const sql of MIGRATIONS.slice(version)) connection.exec(sql);
  connection.pragma(`application_id = ${APPLICATION_ID}`);
  connection.pragma(`user_version = ${MIGRATIONS.length}`);
}
