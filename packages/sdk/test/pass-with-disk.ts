/** Virtual time for clients on real databases. @module */
import type { VirtualClock } from "./virtual-clock.ts";

const STEP_MS = 5_000;
/** Of the event loop: from a timer to its transaction, to the network, to the other client's transaction, and back. */
const TURNS = 25;

/** Minutes that pass, with everything that is written in them: by turns, so that a busy machine changes nothing. */
export async function passWithDisk(clock: VirtualClock, minutes: number): Promise<void> {
  for (let passedMs = 0; passedMs < minutes * 60_000; passedMs += STEP_MS) {
    await clock.pass(Math.min(STEP_MS, minutes * 60_000 - passedMs));
    for (let turn = 0; turn < TURNS; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
}
