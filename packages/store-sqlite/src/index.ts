export type { BackupOptions } from "./backup.ts";
export type { SqliteDatabase, SqliteDriver, SqliteDriverOptions, SqliteStatement } from "./driver.ts";
export type { StoreOrigin } from "./generation.ts";
export type { Damage, IntegrityOptions, IntegrityReport } from "./integrity.ts";
export type { StoreKey } from "./key.ts";
export type { KeyProvider } from "./key-provider.ts";
export { openStore, type SqliteStoreOptions } from "./open.ts";
export { type RestoreOptions, restoreStore } from "./restore.ts";
export type { SqliteStore } from "./sqlite-store.ts";
