/**
 * What waits in the outbox, in memory: which rows, how many of which message, how much in all.
 * @module
 */
import type { OutboxEntry } from "@chat/store";

export class OutboxRows {
  readonly #rows = new Map<string, OutboxEntry>();
  readonly #ofMessage = new Map<string, Set<string>>();
  /** By session: acknowledgements. */
  readonly #acknowledgements = new Map<string, number>();
  #bytes = 0;

  get count(): number {
    return this.#rows.size;
  }

  /** Of all payloads. */
  get bytes(): number {
    return this.#bytes;
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

  unsentCount(messageId: string): number {
    return this.#ofMessage.get(messageId)?.size ?? 0;
  }

  hasAcknowledgement(sessionId: string): boolean {
    return this.#acknowledgements.has(sessionId);
  }

  /** A row with the same identity, length and purpose; one that is not there stays away. */
  replace(row: OutboxEntry): void {
    if (this.#rows.has(row.id)) this.#rows.set(row.id, row);
  }

  insert(row: OutboxEntry): void {
    this.#rows.set(row.id, row);
    this.#bytes += row.length;
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
    if (row.purpose === "acknowledgement") this.#countAcknowledgement(row.sessionId, -1);
    if (row.messageId === undefined) return;
    const ids = this.#ofMessage.get(row.messageId);
    ids?.delete(id);
    if (ids?.size === 0) this.#ofMessage.delete(row.messageId);
  }

  #countAcknowledgement(sessionId: string, by: number): void {
    const count = (this.#acknowledgements.get(sessionId) ?? 0) + by;
    if (count === 0) this.#acknowledgements.delete(sessionId);
    else this.#acknowledgements.set(sessionId, count);
  }
}
