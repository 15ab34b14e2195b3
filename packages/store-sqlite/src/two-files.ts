/**
 * Keeps a file of messages and a file of secrets in step. The commit of the messages decides: with the rows of a change it has
 * a sealed redo record of what the change does to the secrets. Only then the secrets are committed, without waiting for the
 * disk, and what a crash takes from them is made again from the records. A record is deleted once what it did is
 * on the disk for sure. docs/decisions/0013-two-files.md has the proof.
 * @module
 */
import { type SecretWriter, StoreError } from "@chat/store";
import type { Connection, Statement } from "./connection.ts";
import type { Sealer } from "./sealer.ts";
import { repeatChanges, SecretRecorder } from "./secret-changes.ts";
import { SqliteSecretWriter } from "./secrets.ts";
import type { Failure, Transactions } from "./transactions.ts";

/** Records are deleted when there are so many, or so many bytes of them: the secrets then have to wait for the disk once. */
const MAX_RECORDS = 256;
const MAX_RECORD_BYTES = 2 ** 20;

export class TwoFiles implements Transactions {
  /** To be used within {@link attempt} only. */
  readonly secretWriter: SecretWriter;
  readonly #messages: Connection;
  readonly #secrets: Connection;
  readonly #sealer: Sealer;
  readonly #recorder: SecretRecorder;
  readonly #bareWriter: SecretWriter;
  readonly #step: Statement<{ applied: number }>;
  readonly #setApplied: Statement<never>;
  readonly #steps: Statement<{ deleted: number; newest: number | null }>;
  readonly #records: Statement<{ number: number; changes: Uint8Array }>;
  readonly #putRecord: Statement<never>;
  readonly #deleteRecords: Statement<never>;
  readonly #setDeleted: Statement<never>;
  /** Of the records: the last one deleted ≤ on the disk for sure ≤ applied ≤ given. */
  #deleted = 0;
  #durable = 0;
  #applied = 0;
  #last = 0;
  #bytes = 0;
  /** What the files have is not known for sure: they were just opened, or one of them refused a commit. */
  #isUncertain = true;

  /**
   * Takes over both connections, and makes again what a crash took from the secrets.
   * @throws {@link StoreError} `CORRUPT` if one of the files is older than the other one allows
   */
  constructor(messages: Connection, secrets: Connection, sealer: Sealer) {
    this.#messages = messages;
    this.#secrets = secrets;
    this.#sealer = sealer;
    this.#bareWriter = new SqliteSecretWriter(secrets, sealer);
    this.#recorder = new SecretRecorder(this.#bareWriter);
    this.secretWriter = this.#recorder;
    this.#step = secrets.statement("SELECT number AS applied FROM two_files");
    this.#setApplied = secrets.statement("UPDATE two_files SET number = ?");
    this.#steps = messages.statement(
      "SELECT number AS deleted, (SELECT max(number) FROM secret_redo) AS newest FROM two_files",
    );
    this.#records = messages.statement("SELECT number, changes FROM secret_redo WHERE number > ? ORDER BY number");
    this.#putRecord = messages.statement("INSERT INTO secret_redo (number, changes) VALUES (?, ?)");
    this.#deleteRecords = messages.statement("DELETE FROM secret_redo WHERE number <= ?");
    this.#setDeleted = messages.statement("UPDATE two_files SET number = ?");
    this.catchUp();
    this.#durable = this.#deleted;
    this.#settle();
  }

  transaction(work: () => void): void {
    this.catchUp();
    const before = this.#last;
    const durable = this.#durable;
    try {
      this.#messages.transaction(() => {
        this.#secrets.exec("BEGIN IMMEDIATE");
        this.#deleteUpTo(durable);
        work();
        if (this.#last > before) this.#setApplied.run(this.#last);
      });
    } catch (error) {
      this.#isUncertain = true;
      this.#rollBackSecrets();
      throw error;
    }
    this.#deleted = durable;
    try {
      this.#secrets.exec("COMMIT");
      this.#applied = this.#last;
    } catch {
      // The change is durable all the same. Whoever needs the secrets next tries again, and is told if it fails.
      this.#isUncertain = true;
      this.#rollBackSecrets();
    }
    if (this.#applied - this.#durable >= MAX_RECORDS || this.#bytes >= MAX_RECORD_BYTES) this.#settle();
  }

  attempt(work: () => void): Failure | undefined {
    const before = this.#last;
    this.#recorder.take(); // of one that ended a whole transaction
    let ofSecrets: Failure | undefined;
    const failure = this.#messages.attempt(() => {
      ofSecrets = this.#secrets.attempt(() => {
        work();
        this.#record();
      });
      if (ofSecrets !== undefined) throw ofSecrets.error;
    });
    if (failure === undefined) return undefined;
    // What ended the transaction of the secrets ends that of the messages, too.
    if (ofSecrets === undefined) throw failure.error;
    this.#last = before;
    return failure;
  }

  /**
   * Before secrets are read or written.
   * @throws {@link StoreError} `IO` if the secrets can not take what the messages have; `CORRUPT` if one of the files is older
   *   than the other one allows
   */
  catchUp(): void {
    if (!this.#isUncertain) return;
    const [messages, secrets] = [this.#steps.get(), this.#step.get()];
    if (messages === undefined || secrets === undefined)
      throw new StoreError("CORRUPT", "two_files: want a row, got none");
    const { deleted, newest } = messages;
    const { applied } = secrets;
    const last = newest ?? deleted;
    if (applied < deleted) throw outOfStep("secrets", `step ${deleted} or a later one`, applied);
    if (applied > last) throw outOfStep("messages", `step ${applied} or a later one`, last);
    if (applied < last) this.#repeat(applied, last);
    this.#deleted = deleted;
    this.#applied = last;
    this.#last = last;
    this.#isUncertain = false;
  }

  truncateLog(): void {
    this.#deleteRecordsAtOnce();
    this.#messages.truncateLog();
  }

  /** Leaves no records behind, if it can, and releases both files. */
  close(): void {
    try {
      this.#deleteRecordsAtOnce();
    } catch {
      // They are looked at when the store is opened again.
    } finally {
      this.#secrets.close();
      this.#messages.close();
    }
  }

  #deleteRecordsAtOnce(): void {
    this.#settle();
    const durable = this.#durable;
    if (durable === this.#deleted) return;
    this.#messages.transaction(() => this.#deleteUpTo(durable));
    this.#deleted = durable;
  }

  #repeat(applied: number, last: number): void {
    this.#secrets.transaction(() => {
      for (const { number, changes } of this.#records.all(applied)) {
        repeatChanges(this.#sealer.unsealText(changes, "secret_redo", "changes", number), this.#bareWriter);
      }
      this.#setApplied.run(last);
    });
  }

  /** Within the transactions of both files. */
  #record(): void {
    const changes = this.#recorder.take();
    if (changes === undefined) return;
    this.#last += 1;
    const sealed = this.#sealer.seal(changes, "secret_redo", "changes", this.#last);
    this.#putRecord.run(this.#last, sealed);
    this.#bytes += sealed.length;
  }

  #deleteUpTo(number: number): void {
    if (number === this.#deleted) return;
    this.#deleteRecords.run(number);
    this.#setDeleted.run(number);
  }

  /** Waits until the secrets are on the disk. If that fails, the records stay, and it is tried again later. */
  #settle(): void {
    if (this.#durable === this.#applied) return;
    try {
      const isBlocked = this.#secrets.pragma("wal_checkpoint(TRUNCATE)") !== 0;
      if (isBlocked) return;
    } catch {
      return;
    }
    this.#durable = this.#applied;
    this.#bytes = 0;
  }

  #rollBackSecrets(): void {
    if (this.#secrets.inTransaction) this.#secrets.exec("ROLLBACK");
  }
}

function outOfStep(file: "messages" | "secrets", wanted: string, got: number): StoreError {
  return new StoreError(
    "CORRUPT",
    `${file}: want the file at ${wanted}, as the other one has it, got step ${got}; was it put back from a copy?`,
  );
}
