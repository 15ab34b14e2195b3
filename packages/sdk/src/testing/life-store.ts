/**
 * The disk of one life: slow if wanted, and with the write under way at its end done or not done.
 * @module
 */
import type { Store, StoreTransaction } from "@chat/store";
import type { Life } from "./life.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SeededRandom } from "./seeded-random.ts";

export type Disk = {
  readonly scheduler: Scheduler;
  readonly random: SeededRandom;
  /** Mean time of a durable write. */
  readonly writeMs: number;
};

/** @param base - survives the life; `close` of what is returned leaves it open */
export function storeOf(life: Life, base: Store, { scheduler, random, writeMs }: Disk): Store {
  const write = async (change: (tx: StoreTransaction) => void) => {
    await scheduler.track(base.write(change));
    if (writeMs > 0) {
      const delayMs = random.around(writeMs);
      await new Promise<void>((resolve) => scheduler.after(delayMs, resolve));
    }
  };
  return {
    messages: life.wrap(base.messages),
    secrets: life.wrap(base.secrets),
    write: (change) => life.ask(() => write(change)),
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
}
