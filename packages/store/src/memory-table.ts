/**
 * A table in memory that remembers the order of insertion and can take back what a failed transaction did.
 * @module
 */

/** The changes of one transaction, ready to be taken back, last one first. */
export class Journal {
  #undo: (() => void)[] = [];

  record(undo: () => void): void {
    this.#undo.push(undo);
  }

  commit(): void {
    this.#undo = [];
  }

  rollback(): void {
    for (const undo of this.#undo.reverse()) undo();
    this.#undo = [];
  }
}

type Row<Value> = { readonly order: number; readonly value: Value };

/** Rows by key. A replaced row keeps its place; so does a deleted one when its deletion is taken back. */
export class Table<Value> {
  readonly #journal: Journal;
  #rows = new Map<string, Row<Value>>();
  #nextOrder = 0;
  #isOrdered = true;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  get(...key: readonly string[]): Value | undefined {
    return this.#rows.get(rowKey(key))?.value;
  }

  set(value: Value, ...key: readonly string[]): void {
    const id = rowKey(key);
    const previous = this.#rows.get(id);
    this.#rows.set(id, { order: previous?.order ?? this.#nextOrder++, value });
    this.#journal.record(() => this.#restore(id, previous));
  }

  delete(...key: readonly string[]): void {
    const id = rowKey(key);
    const previous = this.#rows.get(id);
    if (previous !== undefined) this.#delete(id, previous);
  }

  #delete(id: string, previous: Row<Value>): void {
    this.#rows.delete(id);
    this.#journal.record(() => {
      this.#isOrdered = false; // a Map appends what is set again
      this.#restore(id, previous);
    });
  }

  clear(): void {
    const rows = this.#rows;
    const isOrdered = this.#isOrdered;
    this.#rows = new Map();
    this.#isOrdered = true;
    this.#journal.record(() => {
      this.#rows = rows;
      this.#isOrdered = isOrdered;
    });
  }

  /** Deletes the rows of which `isChosen` is true. */
  deleteWhere(isChosen: (value: Value) => boolean): void {
    for (const [id, previous] of [...this.#rows]) if (isChosen(previous.value)) this.#delete(id, previous);
  }

  /** In order of insertion. */
  *values(): Generator<Value, void, undefined> {
    if (!this.#isOrdered) {
      this.#rows = new Map([...this.#rows].sort(([, a], [, b]) => a.order - b.order));
      this.#isOrdered = true;
    }
    for (const { value } of this.#rows.values()) yield value;
  }

  #restore(id: string, previous: Row<Value> | undefined): void {
    if (previous === undefined) this.#rows.delete(id);
    else this.#rows.set(id, previous);
  }
}

/** One string per key; JSON keeps ("a", "bc") and ("ab", "c") apart. */
function rowKey(key: readonly string[]): string {
  return JSON.stringify(key);
}
