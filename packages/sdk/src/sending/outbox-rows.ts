/**
 * What waits in the outbox, in memory: which rows, how many of which message, how much in all.
 * @module
 */
import type { OutboxEntry } from "@chat/store";
import { RecentMap } from "../recent-map.ts";

/** More than leave before the first of them is confirmed. */
const REMEMBERED_MESSAGES = 1_000;

export class OutboxRows {
  readonly #rows = new Map<string, OutboxEntry>();
  readonly #ofMessage = new Map<string, Set<string>>();
  /** By session: acknowledgements. */
  readonly #acknowledgements = new Map<string, number>();
  /** Acknowledgements that have left, though that is not durable: another one may follow. */
  readonly #left = new Set<string>();
  /** Of rows that are being written. */
  readonly #writes = new Map<string, Promise<void>>();
  /** By message, when something of it left last. */
  readonly #leftAtMs = new RecentMap<number>(REMEMBERED_MESSAGES);
  #bytes = 0;
  #criticalCount = 0;

  get count(): number {
    return this.#rows.size;
  }

  /** Of all payloads. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Of rows that go before all others. */
  get criticalCount(): number {
    return this.#criticalCount;
  }

  get(id: string): OutboxEntry | undefined {
    return this.#rows.get(id);
  }

  /** Rows that are not sent yet, in the order in which they were put. */
  ofMessage(messageId: string): OutboxEntry[] {
    return Array.from(this.#ofMessage.get(messageId) ?? []).flatMap((id) => this.#rows.get(id) ?? []);
  }

  /** Of messages with rows that are not sent yet. */
  messageIds(): string[] {
    return [...this.#ofMessage.keys()];
  }

  ofSession(sessionId: string): OutboxEntry[] {
    return [...this.#rows.values()].filter((row) => row.sessionId === sessionId);
  }

  unsentCount(messageId: string): number {
    return this.#ofMessage.get(messageId)?.size ?? 0;
  }

  /** When something of it left last, as far as it is remembered. */
  leftAtMs(messageId: string): number | undefined {
    return this.#leftAtMs.get(messageId);
  }

  /** Whether one waits to leave. */
  hasAcknowledgement(sessionId: string): boolean {
    return this.#acknowledgements.has(sessionId);
  }

  /** A row with the same identity, length and purpose; one that is not there stays away. */
  replace(row: OutboxEntry): void {
    if (this.#rows.has(row.id)) this.#rows.set(row.id, row);
  }

  /** Resolves when the row is durable; rejects if it never will be. */
  async durable(id: string): Promise<void> {
    await this.#writes.get(id);
  }

  insert(row: OutboxEntry, durable?: Promise<void>): void {
    this.#rows.set(row.id, row);
    if (durable !== undefined) this.#await(row.id, durable);
    this.#bytes += row.length;
    if (row.priority === "critical") this.#criticalCount += 1;
    if (row.messageId !== undefined) {
      const ids = this.#ofMessage.get(row.messageId) ?? new Set();
      this.#ofMessage.set(row.messageId, ids.add(row.id));
    }
    if (row.purpose === "acknowledgement") this.#countAcknowledgement(row.sessionId, 1);
  }

  delete(id: string): void {
    const row = this.#rows.get(id);
    if (row === undefined) return;
    this.#rows.delete(id);
    this.#bytes -= row.length;
    if (row.priority === "critical") this.#criticalCount -= 1;
    this.#countAsLeft(row);
    this.#left.delete(id);
    if (row.messageId === undefined) return;
    const ids = this.#ofMessage.get(row.messageId);
    ids?.delete(id);
    if (ids?.size === 0) this.#ofMessage.delete(row.messageId);
  }

  /** The network has it. The row is there until that is durable, too. */
  leave({ id, purpose, sessionId, messageId }: OutboxEntry, nowMs: number): void {
    if (messageId !== undefined) this.#leftAtMs.set(messageId, nowMs);
    this.#countAsLeft({ id, purpose, sessionId });
  }

  #countAsLeft({ id, purpose, sessionId }: Pick<OutboxEntry, "id" | "purpose" | "sessionId">): void {
    if (purpose !== "acknowledgement" || this.#left.has(id)) return;
    this.#left.add(id);
    this.#countAcknowledgement(sessionId, -1);
  }

  #await(id: string, durable: Promise<void>): void {
    this.#writes.set(id, durable);
    const end = () => this.#writes.delete(id);
    durable.then(end, end);
  }

  #countAcknowledgement(sessionId: string, by: number): void {
    const count = (this.#acknowledgements.get(sessionId) ?? 0) + by;
    if (count === 0) this.#acknowledgements.delete(sessionId);
    else this.#acknowledgements.set(sessionId, count);
  }
}
