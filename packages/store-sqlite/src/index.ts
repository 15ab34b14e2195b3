export { openSqlitePartialSetStore, openSqliteStore, type SqliteStoreOptions } from "./open.ts";
