/**
 * A delivery service that does what a test tells it to, and remembers what it was given.
 * @module
 */
import { DeliveryError, type DeliveryService, type Transmission } from "../src/index.ts";

type Answer = "take" | "refuse-for-now" | "refuse";

export class FakeNetwork implements DeliveryService {
  /** What was given, in order: `id@epoch.index`. */
  readonly given: string[] = [];
  /** What was taken. */
  readonly taken: Transmission[] = [];
  /** For the next transmissions, in order; `take` after them. */
  answers: Answer[] = [];
  /** Messages whose answer waits for {@link release}. */
  readonly held = new Set<string>();
  readonly #releases = new Map<string, () => void>();
  /** For single messages, whenever they come. */
  readonly answersTo = new Map<string, Answer>();

  async deliver(transmission: Transmission): Promise<string> {
    const { id, slot, signal } = transmission;
    this.given.push(`${id}@${slot.epoch}.${slot.index}`);
    if (this.held.has(id)) {
      await new Promise<void>((resolve, reject) => {
        this.#releases.set(id, resolve);
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    }
    const answer = this.answersTo.get(id) ?? this.answers.shift() ?? "take";
    if (answer !== "take") throw new DeliveryError(`${id}: ${answer}`, { isTemporary: answer === "refuse-for-now" });
    this.taken.push({ ...transmission, bytes: transmission.bytes.slice() });
    return `receipt of ${id}`;
  }

  release(id: string): void {
    this.held.delete(id);
    this.#releases.get(id)?.();
  }

  get ids(): string[] {
    return this.given.map((each) => each.slice(0, each.indexOf("@")));
  }
}
