/**
 * Lines about files that are under way: one for every quarter.
 * @module
 */
import type { ChatEvent } from "@chat/sdk";

type Progress = Extract<ChatEvent, { type: "progress" }>;

export class TransferLines {
  readonly #quarters = new Map<string, number>();

  /** @returns undefined until the next quarter is there */
  next({ messageId, doneBytes, totalBytes }: Progress): string | undefined {
    const quarter = Math.floor((4 * doneBytes) / totalBytes);
    if (quarter <= (this.#quarters.get(messageId) ?? 0)) return undefined;
    if (quarter < 4) this.#quarters.set(messageId, quarter);
    else this.#quarters.delete(messageId);
    return `${25 * quarter} % of ${sizeOf(totalBytes)}`;
  }
}

export function sizeOf(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1000)} KB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
