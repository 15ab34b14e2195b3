/**
 * Outgoing messages of many segments that are under way, in memory as they are in the store.
 * @module
 */
import type { Store, TransferRecord } from "@chat/store";

export class TransferBook {
  readonly #records = new Map<string, TransferRecord>();

  static async load({ messages }: Store): Promise<TransferBook> {
    const book = new TransferBook();
    for (const record of await messages.transfers()) book.replace(record);
    return book;
  }

  /** Until the last segment is acknowledged, or none is to be sent any more. */
  get(messageId: string): TransferRecord | undefined {
    return this.#records.get(messageId);
  }

  all(): TransferRecord[] {
    return [...this.#records.values()];
  }

  /** Call it only with what is durable already. */
  replace(record: TransferRecord): void {
    this.#records.set(record.messageId, record);
  }

  remove(messageId: string): void {
    this.#records.delete(messageId);
  }

  removeOfSession(sessionId: string): void {
    for (const record of this.all()) if (record.sessionId === sessionId) this.remove(record.messageId);
  }

  /** Whether no segment of the message is still to be made. */
  isMade(messageId: string): boolean {
    const record = this.#records.get(messageId);
    return record === undefined || record.made === record.total;
  }

  /** What will come to the outbox of its own. */
  get waiting(): { readonly segments: number; readonly bytes: number } {
    const left = this.all().map((record) => ({
      segments: record.total - record.made,
      bytes: record.length - bytesOf(record, record.made),
    }));
    const sum = (of: (one: (typeof left)[number]) => number) => left.reduce((total, one) => total + of(one), 0);
    return { segments: sum(({ segments }) => segments), bytes: sum(({ bytes }) => bytes) };
  }
}

/** What so many of its segments have of the whole, in bytes; the last one, which is shorter, counts as the others. */
export function bytesOf({ length, total }: Pick<TransferRecord, "length" | "total">, segments: number): number {
  return Math.floor((length * segments) / total);
}
