/**
 * Opens stores in the directory given while a file or the directory may not be written, and prints the code of each.
 * @module
 */
import { chmodSync, readdirSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { openStore } from "@chat/store-sqlite";

const [directory = ""] = process.argv.slice(2);
const key = new Uint8Array(32).fill(7);
const path = join(directory, "chat.db");

const store = await openStore({ path, key });
await store.write((tx) => tx.messages.setConsumed(1));
await store.close();
await (await openStore({ path: join(directory, "with-key-file.db") })).close();
const before = contentOf(directory);

// The superuser may write everything, so it becomes somebody else; everything is loaded by now.
if (process.geteuid?.() === 0) {
  chmodSync(directory, 0o555);
  for (const name of readdirSync(directory)) chmodSync(join(directory, name), name.endsWith(".key") ? 0o000 : 0o444);
  process.setegid?.(65_534);
  process.seteuid?.(65_534);
} else {
  for (const name of readdirSync(directory)) chmodSync(join(directory, name), name.endsWith(".key") ? 0o000 : 0o444);
  chmodSync(directory, 0o555);
}
const outcomes: Record<string, string> = {
  "a file and a directory that are read-only": await outcomeOf(path),
  "a new file in a directory that is read-only": await outcomeOf(join(directory, "new.db")),
};
await asOwner(() => chmodSync(directory, 0o777));
outcomes["a file that is read-only"] = await outcomeOf(path);
await asOwner(() => {
  chmodSync(path, 0o666);
  chmodSync(directory, 0o555);
});
outcomes["a directory that is read-only"] = await outcomeOf(path);
const isChanged = await asOwner(() => JSON.stringify(contentOf(directory)) !== JSON.stringify(before));
await asOwner(() => chmodSync(directory, 0o777));
outcomes["nothing of it"] = await outcomeOf(path);
await asOwner(() => chmodSync(join(directory, "with-key-file.db"), 0o666));
outcomes["a key file that may not be read"] = await outcomeOf(join(directory, "with-key-file.db"));
writeSync(1, `${JSON.stringify({ outcomes, isChanged })}\n`);

async function outcomeOf(file: string): Promise<string> {
  const startedAtMs = performance.now();
  try {
    await using opened = await openStore({ path: file, ...(file === path && { key }) });
    await opened.write((tx) => tx.messages.setConsumed(2));
    return "works";
  } catch (error) {
    if (performance.now() - startedAtMs > 1_000) return "took longer than a second";
    return typeof error === "object" && error !== null && "code" in error ? String(error.code) : String(error);
  }
}

async function asOwner<Result>(work: () => Result): Promise<Result> {
  const [user, group] = [process.geteuid?.() ?? 0, process.getegid?.() ?? 0];
  if (process.getuid?.() === 0) process.seteuid?.(0);
  try {
    return work();
  } finally {
    if (process.getuid?.() === 0) {
      process.setegid?.(group);
      process.seteuid?.(user);
    }
  }
}

function contentOf(folder: string): [string, string][] {
  return readdirSync(folder).map((name) => [name, readFileSync(join(folder, name)).toString("base64")]);
}
