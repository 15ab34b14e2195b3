export {
  openSqlitePartialSetStore,
  openSqliteQueueStore,
  openSqliteStore,
  type SqliteStoreOptions,
} from "./open.ts";
