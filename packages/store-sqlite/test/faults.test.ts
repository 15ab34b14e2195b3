/** Each of the statements of groups of writes fails, in both ways in which SQLite does. */
import { openMemoryStore, type Store, type StoreTransaction } from "@chat/store";
import { randomHistory, snapshotOf } from "@chat/store/testing";
import { openStore } from "@chat/store-sqlite";
import { expect, jest, test } from "@jest/globals";
import Database from "better-sqlite3";
import { temporaryDirectory } from "./temporary-directory.ts";

const directory = temporaryDirectory();
const key = new Uint8Array(32).fill(7);
const CODES = ["SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_FSYNC", "SQLITE_NOMEM", "SQLITE_INTERRUPT"];

test.each([
  ["keeps", false],
  ["ends", true],
])(
  "a statement that fails, where SQLite %s the transaction, fails its write alone or all of the group",
  async (_, ends) => {
    await using memory = openMemoryStore();
    await using store = await openStore({ path: directory.file(`faults-${ends}.db`), key });
    const history = randomHistory(20_261_124, 400).filter(({ fails }) => !fails);
    const outcomes = { done: 0, refused: 0 };
    let failures = 0;
    for (let step = 0; step < 90; step++) {
      const group = [0, 1, 2].map((index) => history[step * 3 + index]?.change ?? (() => {}));
      const faults = new Faults(step % 18, CODES[step % CODES.length] ?? "", ends);
      const results = await Promise.allSettled(group.map((change) => store.write(change)));
      faults.remove();
      if (faults.hasFailed) failures += 1;
      for (const [index, result] of results.entries()) {
        // What a change breaks by itself is refused in memory as well.
        const inMemory = await Promise.allSettled([writeIf(memory, result.status === "fulfilled", group[index])]);
        expect(inMemory).toMatchObject([{ status: "fulfilled" }]);
        outcomes[result.status === "fulfilled" ? "done" : "refused"] += 1;
        if (result.status === "rejected" && faults.hasFailed) {
          expect(["IO", "INVALID_RECORD", "IDENTITY_EXISTS"]).toContain(result.reason.code);
        }
      }
      expect(await snapshotOf(store)).toEqual(await snapshotOf(memory));
    }
    expect(failures).toBeGreaterThan(60);
    expect(outcomes.done).toBeGreaterThan(10);
    expect(outcomes.refused).toBeGreaterThan(60);
  },
);

async function writeIf(store: Store, isDone: boolean, change?: (tx: StoreTransaction) => void): Promise<void> {
  if (isDone && change !== undefined) await store.write(change);
}

/** Lets the statement with number `failing`, counted from now on, fail instead of being run. */
class Faults {
  readonly #spies: { mockRestore(): void }[];
  #seen = 0;
  hasFailed = false;

  constructor(failing: number, code: string, endsTransaction: boolean) {
    const { exec } = Database.prototype;
    const database = new Database(":memory:");
    const statement: Database.Statement = Object.getPrototypeOf(database.prepare("SELECT 1"));
    const { run } = statement;
    database.close();
    const failNow = (owner: Database.Database) => {
      // What undoes a transaction needs no room, and is not made to fail.
      if (!owner.inTransaction || this.#seen++ !== failing) return;
      this.hasFailed = true;
      if (endsTransaction) exec.call(owner, "ROLLBACK");
      throw Object.assign(new Error("made to fail"), { code });
    };
    this.#spies = [
      jest.spyOn(Database.prototype, "exec").mockImplementation(function (this: Database.Database, sql) {
        if (!sql.startsWith("ROLLBACK")) failNow(this);
        return exec.call(this, sql);
      }),
      jest.spyOn(statement, "run").mockImplementation(function (this: Database.Statement, ...values) {
        failNow(this.database);
        return run.call(this, ...values);
      }),
    ];
  }

  remove(): void {
    for (const spy of this.#spies) spy.mockRestore();
  }
}
