export type { SqliteDatabase, SqliteDriver, SqliteDriverOptions, SqliteStatement } from "./driver.ts";
export { openStore, type SqliteStoreOptions } from "./open.ts";
export type { SqliteStore } from "./sqlite-store.ts";
