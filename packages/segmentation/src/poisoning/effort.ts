/**
 * What a search may cost. Forging costs its sender traffic, so the work it causes is kept in proportion to that.
 * @module
 */

/** Counts in steps: a multiplication of field elements, or what takes about as long, which is a nanosecond. */
export class Effort {
  #steps: number;

  constructor(steps: number) {
    this.#steps = steps;
  }

  /** How many are left. */
  get steps(): number {
    return this.#steps;
  }

  /** @returns whether there were so many left; otherwise none are taken */
  spend(steps: number): boolean {
    if (steps > this.#steps) return false;
    this.#steps -= steps;
    return true;
  }
}
