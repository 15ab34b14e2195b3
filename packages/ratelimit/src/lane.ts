/**
 * Units of one priority, by sequence. In blocks, so that taking out, putting back and counting cost about the same
 * wherever a unit is and however many there are.
 * @module
 */
import type { Unit } from "./unit.ts";

type Block = {
  readonly units: Unit[];
  messages: number;
};

const UNITS_PER_BLOCK = 512;

export class Lane {
  /** By sequence, none of them empty. */
  readonly #blocks: Block[] = [];
  #messages = 0;

  get messages(): number {
    return this.#messages;
  }

  get first(): Unit | undefined {
    return this.#blocks[0]?.units[0];
  }

  *[Symbol.iterator](): Generator<Unit> {
    for (const { units } of this.#blocks) yield* units;
  }

  insert(unit: Unit): void {
    const at = Math.max(0, this.#blockFor(unit.sequence));
    const block = this.#blocks[at] ?? this.#addBlock(at, []);
    const place = placeOf(block.units, unit.sequence);
    if (block.units.length < UNITS_PER_BLOCK) add(block, place, unit);
    else if (place === block.units.length) add(this.#addBlock(at + 1, []), 0, unit);
    else {
      const upper = this.#addBlock(at + 1, block.units.splice(UNITS_PER_BLOCK / 2));
      block.messages -= upper.messages;
      if (place <= block.units.length) add(block, place, unit);
      else add(upper, place - block.units.length, unit);
    }
    this.#messages += unit.records.length;
  }

  /** @returns whether it was there */
  delete(unit: Unit): boolean {
    const at = this.#blockFor(unit.sequence);
    const block = this.#blocks[at];
    const place = block === undefined ? 0 : placeOf(block.units, unit.sequence);
    if (block?.units[place] !== unit) return false;
    block.units.splice(place, 1);
    block.messages -= unit.records.length;
    this.#messages -= unit.records.length;
    if (block.units.length === 0) this.#blocks.splice(at, 1);
    return true;
  }

  /** Messages of units before `sequence`. */
  messagesBefore(sequence: number): number {
    const at = this.#blockFor(sequence);
    let count = 0;
    for (let index = 0; index < at; index += 1) count += this.#blocks[index]?.messages ?? 0;
    const block = this.#blocks[at];
    if (block === undefined) return count;
    const place = placeOf(block.units, sequence);
    if (block.messages === block.units.length) return count + place; // no batches
    for (let index = 0; index < place; index += 1) count += block.units[index]?.records.length ?? 0;
    return count;
  }

  #addBlock(at: number, units: Unit[]): Block {
    const block = { units, messages: units.reduce((sum, { records }) => sum + records.length, 0) };
    this.#blocks.splice(at, 0, block);
    return block;
  }

  /** The last block that does not begin after `sequence`; -1 if all do. */
  #blockFor(sequence: number): number {
    let low = 0;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#blocks[middle]?.units[0]?.sequence ?? 0) <= sequence) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

function add(block: Block, place: number, unit: Unit): void {
  if (place === block.units.length) block.units.push(unit);
  else block.units.splice(place, 0, unit);
  block.messages += unit.records.length;
}

/** The first place whose unit is not before `sequence`. */
function placeOf(units: readonly Unit[], sequence: number): number {
  let low = 0;
  let high = units.length;
  if ((units[high - 1]?.sequence ?? -1) < sequence) return high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((units[middle] as Unit).sequence < sequence) low = middle + 1;
    else high = middle;
  }
  return low;
}
