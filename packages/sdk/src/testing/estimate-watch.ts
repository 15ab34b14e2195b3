/**
 * Whether messages that wait leave when it was said that they would.
 * @module
 */
import type { Simulation } from "./simulation.ts";
import type { Witness } from "./witness.ts";

type Estimate = { readonly id: string; readonly madeAtMs: number; readonly untilMs: number };

export type EstimateReport = {
  /** How late messages left, in milliseconds; too early is negative. Their sender was up and connected all the time. */
  readonly lateMs: readonly number[];
  /** The same where its process ended, or it had no connection for a while: nobody can tell that beforehand. */
  readonly interruptedLateMs: readonly number[];
  /** No time was told: the epochs to come have no quota for them, as far as can be told. */
  readonly withoutTime: number;
};

/** How often what still waits is asked again. */
const ASK_EVERY_MS = 60_000;

export class EstimateWatch {
  readonly #simulation: Simulation;
  readonly #witness: Witness;
  readonly #asked = new Set<string>();
  #open: Estimate[] = [];
  readonly #lateMs: number[] = [];
  readonly #interruptedLateMs: number[] = [];
  #withoutTime = 0;

  constructor(simulation: Simulation, witness: Witness) {
    this.#simulation = simulation;
    this.#witness = witness;
    witness.onChange(() => this.#look());
    this.#askLater();
  }

  /** Of what has left by now. */
  get report(): EstimateReport {
    const [lateMs, interruptedLateMs] = [this.#lateMs, this.#interruptedLateMs];
    return { lateMs, interruptedLateMs, withoutTime: this.#withoutTime };
  }

  #look(): void {
    const { person, sent } = this.#witness;
    for (let at = sent.length - 1; at >= 0; at -= 1) {
      const id = sent[at]?.id;
      if (id === undefined) continue;
      if (this.#asked.has(id)) break;
      this.#asked.add(id);
      this.#ask(id);
    }
    this.#open = this.#open.filter((estimate) => {
      const status = this.#witness.statusOf(estimate.id);
      if (status === undefined || status === "queued") return true;
      if (status !== "failed" && status !== "cancelled" && status !== "dropped") {
        const isInterrupted = person.interruptedAtMs >= estimate.madeAtMs;
        const lateMs = this.#simulation.nowMs - estimate.untilMs;
        (isInterrupted ? this.#interruptedLateMs : this.#lateMs).push(lateMs);
      }
      return false;
    });
  }

  #ask(id: string): void {
    const { person } = this.#witness;
    if (!person.isRunning) return;
    const { nowMs: madeAtMs, skewMs } = person;
    person.client
      .sentMessage(id)
      .then((message) => {
        const waiting = message.waiting();
        if (waiting?.reason !== "quota") return;
        if (waiting.until === undefined) this.#withoutTime += 1;
        else this.#open.push({ id, madeAtMs, untilMs: waiting.until.getTime() - skewMs });
      })
      .catch(() => {}); // deleted, or closed meanwhile: nobody waits for it
  }

  #askLater(): void {
    this.#simulation.after(ASK_EVERY_MS, () => {
      const waits = this.#witness.sent.findLast(
        ({ id }) => id !== undefined && this.#witness.statusOf(id) === "queued",
      );
      if (waits?.id !== undefined) this.#ask(waits.id);
      this.#askLater();
    });
  }
}
