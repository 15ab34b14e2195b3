/** A disk without room, for real. */
import { execFile, spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { openStore } from "@chat/store-sqlite";
import { expect, test } from "@jest/globals";
import { temporaryDirectory } from "./temporary-directory.ts";

const directory = temporaryDirectory();
const key = new Uint8Array(32).fill(7);
const run = promisify(execFile);

/** A disk of a process's own needs a mount of its own, which Linux allows without rights where user namespaces are on. */
const DISK = directory.file("disk");
mkdirSync(DISK);
const MOUNT = [
  "--mount",
  "--map-root-user",
  "sh",
  "-c",
  `mount -t tmpfs -o size=16m none "${DISK}" && exec "$@"`,
  "sh",
];
const canMount = spawnSync("unshare", [...MOUNT, "true"]).status === 0;

(canMount ? test.each([20_261_123, randomInt(2 ** 31)]) : test.skip.each([0]))(
  "a full disk makes writes, openings and migrations fail with IO and nothing half done, until there is room (seed %i)",
  async (seed) => {
    const oldest = { version: 1, file: directory.file("oldest.db") };
    const fixture = join(import.meta.dirname, "fixtures", `schema-${oldest.version}.db.gz`);
    writeFileSync(oldest.file, gunzipSync(readFileSync(fixture)));
    const script = [...child("full-disk.ts"), DISK, String(seed), JSON.stringify(oldest)];
    const { stdout } = await run("unshare", [...MOUNT, ...script]);
    const { writes, openings, migrations } = JSON.parse(stdout);
    expect(writes.done + writes.refused).toBe(210);
    // Both happened often, and more than one opening and migration found too little room.
    for (const count of Object.values(writes)) expect(count).toBeGreaterThan(5);
    expect(openings).toBeGreaterThan(5);
    expect(migrations).toBeGreaterThan(5);
  },
  180_000,
);

// POSIX has such a limit everywhere; what it refuses is another error to SQLite than a full disk.
test("a file that may not grow makes writes fail with IO, again and again, and what was acknowledged stays", async () => {
  const path = directory.file("limited.db");
  const limited = ["-c", `ulimit -f 2000 && exec "$@"`, "sh"]; // of 512 bytes each
  const { stdout } = await run("sh", [...limited, ...child("limited.ts"), path]);
  const { acknowledged, refused } = JSON.parse(stdout);
  expect(acknowledged).toBeGreaterThan(10);
  expect(refused).toEqual(["IO", "IO", "IO"]);
  await using store = await openStore({ path, key });
  const messages = await store.messages.incomingAfter(0, 1_000);
  expect(messages.map(({ id }) => id)).toEqual(Array.from({ length: acknowledged }, (_, index) => `m${index}`));
});

function child(script: string): string[] {
  const file = fileURLToPath(new URL(`child/${script}`, import.meta.url));
  return [process.execPath, "--conditions=@chat/source", "--disable-warning=ExperimentalWarning", file];
}
