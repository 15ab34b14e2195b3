/**
 * A power cut, simulated on copies of the files of a writing process that is stopped at random moments. What SQLite had
 * not yet waited for may be lost in any part: the log behind the last transaction that was acknowledged, and of the
 * database those pages that the log still has.
 */
import { randomInt } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { openStore } from "@chat/store-sqlite";
import { expect, test } from "@jest/globals";
import Database from "better-sqlite3";
import { Child } from "./child/run.ts";
import { countWhole } from "./numbered.ts";
import { randomUnit } from "./random-unit.ts";
import { temporaryDirectory } from "./temporary-directory.ts";
import { type Frame, readWal } from "./wal-file.ts";

const directory = temporaryDirectory();
const key = new Uint8Array(32).fill(7);
/** More when chance has cut nothing off in these. */
const STOPS = 6;
const MAX_STOPS = 60;
const CUTS_PER_STOP = 4;
const SECTOR = 512;

type Files = { readonly database: Buffer; readonly wal: Buffer };

// Stopping and seeing that it stopped takes /proc. The second seed is a new one every time.
(process.platform === "linux" ? test.each([20_261_123, randomInt(2 ** 31)]) : test.skip.each([0]))(
  "after a power cut, all that was acknowledged is there, and nothing half (seed %i)",
  async (seed) => {
    const random = randomUnit(seed);
    const path = directory.file(`${seed}.db`);
    await using writer = new Child("write-numbered.ts", path);
    expect(await writer.line()).toBe("open");
    let torn = 0;
    let lost = 0;
    for (let stop = 0; stop < STOPS || (lost === 0 && stop < MAX_STOPS); stop++) {
      await wait(random() * 40);
      await writer.stop();
      const acknowledged = Number(readIfThere(`${path}.acknowledged`));
      const files = { database: readFileSync(path), wal: readIfThere(`${path}-wal`) };
      writer.goOn();
      const written = await openCopy(files);
      expect(written).toBeGreaterThanOrEqual(acknowledged);
      for (let cut = 0; cut < CUTS_PER_STOP; cut++) {
        const after = cutPower(files, written - acknowledged, random);
        const left = await openCopy(after);
        expect(left).toBeGreaterThanOrEqual(acknowledged);
        expect(left).toBeLessThanOrEqual(written);
        if (left < written) lost += 1;
        if (!after.database.equals(files.database)) torn += 1;
      }
    }
    // Cuts did change something.
    expect(torn).toBeGreaterThan(STOPS);
    expect(lost).toBeGreaterThan(0);
  },
  180_000,
);

/** @returns how many transactions the copy has, all of them whole */
async function openCopy({ database, wal }: Files): Promise<number> {
  const path = directory.file("copy.db");
  writeFileSync(path, database);
  writeFileSync(`${path}-wal`, wal);
  await using store = await openStore({ path, key });
  const count = await countWhole(store);
  await store.close();
  const plain = new Database(path);
  try {
    expect(plain.pragma("integrity_check", { simple: true })).toBe("ok");
  } finally {
    plain.close();
  }
  return count;
}

/** @param inFlight - so many transactions at the end of the log may be lost: nobody was told that they are there */
function cutPower(files: Files, inFlight: number, random: () => number): Files {
  const { frames, pageSize } = readWal(files.wal);
  const commits = frames.filter(({ isCommit }) => isCommit);
  const acknowledged = frames.filter(({ end }) => end <= (commits[commits.length - 1 - inFlight]?.end ?? 0));
  const safe = isMoving(files.database, frames.slice(acknowledged.length)) ? frames : acknowledged;
  return {
    wal: damageTail(files.wal, safe.at(-1)?.end ?? (safe.length > 0 ? 32 : 0), random),
    database: tearPages(files.database, safe, pageSize, random),
  };
}

/**
 * Whether the transactions are being moved into the database: by https://sqlite.org/wal.html#checkpointing the disk has all
 * of the log then, acknowledged or not. Pages are moved in their order, and the first one of a transaction is never as it was.
 */
function isMoving(database: Buffer, frames: readonly Frame[]): boolean {
  const [first] = frames.toSorted((a, b) => a.page - b.page);
  if (first === undefined) return false;
  const start = (first.page - 1) * first.content.length;
  return database.subarray(start, start + first.content.length).equals(first.content);
}

/** From `start` on, sectors are there, are not, or are garbage; the file may also be shorter. */
function damageTail(wal: Buffer, start: number, random: () => number): Buffer {
  const length = random() < 0.5 ? wal.length : start + Math.floor(random() * (wal.length - start));
  const damaged = Buffer.from(wal.subarray(0, length));
  const share = random();
  for (let at = start; at < length; at = (Math.floor(at / SECTOR) + 1) * SECTOR) {
    if (random() < share) continue;
    const end = Math.min(length, (Math.floor(at / SECTOR) + 1) * SECTOR);
    damaged.fill(random() < 0.5 ? 0 : Math.floor(random() * 256), at, end);
  }
  return damaged;
}

/** Pages that the log has may have been under way into the database: their sectors are old, new or, but for page 1, garbage. */
function tearPages(
  database: Buffer,
  safe: readonly { page: number; content: Uint8Array }[],
  pageSize: number,
  random: () => number,
): Buffer {
  const torn = Buffer.from(database);
  for (const { page, content } of safe) {
    const start = (page - 1) * pageSize;
    if (start + pageSize > torn.length) continue; // not yet part of the file
    for (let at = 0; at < pageSize; at += SECTOR) {
      const kind = random();
      if (kind < 0.3) torn.set(content.subarray(at, at + SECTOR), start + at);
      else if (kind < 0.4 && page > 1) torn.fill(Math.floor(random() * 256), start + at, start + at + SECTOR);
    }
  }
  return torn;
}

function readIfThere(path: string): Buffer {
  return existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
}
