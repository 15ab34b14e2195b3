/**
 * Changes the key of a store and keeps what its files hold before and after every operation on the disk, which is what a
 * process that is killed there leaves. Prints how many there are. Patches `node:fs` and the SQLite library, which only a
 * process of its own can.
 * @module
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import Database from "better-sqlite3";

const [directory = "", from = "", to = ""] = process.argv.slice(2);
const { copyFileSync, mkdirSync, readdirSync, writeSync } = fs;
let moments: number | undefined;

function keep(): void {
  if (moments === undefined) return;
  const target = join(directory, `moment-${moments}`);
  mkdirSync(target);
  for (const name of readdirSync(join(directory, "store"))) {
    copyFileSync(join(directory, "store", name), join(target, name));
  }
  moments += 1;
}

function watch<Owner extends object>(owner: Owner, name: keyof Owner): void {
  const original: unknown = owner[name];
  if (typeof original !== "function") throw new TypeError(`${String(name)}: want a function`);
  Reflect.set(owner, name, function (this: unknown, ...values: unknown[]) {
    keep();
    const result: unknown = Reflect.apply(original, this, values);
    keep();
    return result;
  });
}

for (const name of ["openSync", "writeSync", "fsyncSync", "renameSync", "rmSync"] as const) watch(fs, name);
syncBuiltinESMExports();
const database = new Database(":memory:");
watch(Database.prototype, "exec");
watch(Database.prototype, "pragma");
watch(Object.getPrototypeOf(database.prepare("SELECT 1")), "run");
database.close();

const { openStore } = await import("@chat/store-sqlite");
const { keyOf } = await import("./key-of.ts");
const path = join(directory, "store", "chat.db");
const store = await openStore({ path, ...keyOf(from, "old") });
await store.write((tx) => tx.secrets.putIdentity(Uint8Array.of(1, 2, 3)));
moments = 0;
keep();
await store.changeKey(keyOf(to, "new").key);
keep();
const count = moments;
moments = undefined;
await store.close();
writeSync(1, `${count}\n`);
