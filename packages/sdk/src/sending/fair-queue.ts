/**
 * A queue in which groups take turns: one of each, then the next of each. A long file holds up nobody.
 * @module
 */

type Group<Item> = { readonly items: Item[]; head: number };

export class FairQueue<Item> {
  readonly #groups = new Map<string, Group<Item>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Behind what waits of its group. */
  push(group: string, item: Item): void {
    const waiting = this.#groups.get(group);
    if (waiting === undefined) this.#groups.set(group, { items: [item], head: 0 });
    else waiting.items.push(item);
    this.#size += 1;
  }

  /** How many come until the last of the group has, with it, if nothing is added. */
  countUntil(group: string): number {
    const lengthOf = ({ items, head }: Group<Item>) => items.length - head;
    const own = this.#groups.get(group);
    if (own === undefined) return 0;
    const turns = lengthOf(own);
    return [...this.#groups.values()].reduce((sum, each) => sum + Math.min(turns, lengthOf(each)), 0);
  }

  /** The next of the group whose turn it is; its group then comes last. */
  shift(): Item | undefined {
    const [turn] = this.#groups;
    if (turn === undefined) return undefined;
    const [name, group] = turn;
    const item = group.items[group.head];
    group.head += 1;
    this.#size -= 1;
    this.#groups.delete(name);
    if (group.head < group.items.length) this.#groups.set(name, group);
    return item;
  }
}
