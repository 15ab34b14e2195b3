/**
 * What transactions have deleted and may still be somewhere else: in the write-ahead log, in the index of the search.
 * @module
 */

export class Erased {
  #sequences: number[] = [];
  #isMuch = false;

  /** Deletions of transactions that failed afterwards are noted, too. */
  get isEmpty(): boolean {
    return this.#sequences.length === 0 && !this.#isMuch;
  }

  note(sequence: number): void {
    this.#sequences.push(sequence);
  }

  noteMuch(): void {
    this.#isMuch = true;
  }

  /** All of it, once. */
  take(): { readonly sequences: readonly number[]; readonly isMuch: boolean } {
    const taken = { sequences: this.#sequences, isMuch: this.#isMuch };
    this.#sequences = [];
    this.#isMuch = false;
    return taken;
  }
}
