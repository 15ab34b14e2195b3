/**
 * What transactions have deleted and may still be somewhere else: in the write-ahead log, in the index of the search.
 * @module
 */

export type Erasures = {
  /** Of single messages. */
  readonly sequences: readonly number[];
  /** Positions of conversations. */
  readonly conversations: readonly number[];
  readonly isEverything: boolean;
};

export class Erased {
  #sequences: number[] = [];
  #conversations: number[] = [];
  #isSomething = false;
  #isEverything = false;

  /** Deletions of transactions that failed afterwards are noted, too. */
  get isEmpty(): boolean {
    return !this.#isSomething;
  }

  note(sequence: number): void {
    this.#isSomething = true;
    this.#sequences.push(sequence);
  }

  /** @param position - undefined for what is left of a conversation that is not there */
  noteConversation(position: number | undefined): void {
    this.#isSomething = true;
    if (position !== undefined) this.#conversations.push(position);
  }

  noteEverything(): void {
    this.#isSomething = true;
    this.#isEverything = true;
  }

  /** All of it, once. */
  take(): Erasures {
    const taken = {
      sequences: this.#sequences,
      conversations: this.#conversations,
      isEverything: this.#isEverything,
    };
    this.#sequences = [];
    this.#conversations = [];
    this.#isSomething = false;
    this.#isEverything = false;
    return taken;
  }
}
