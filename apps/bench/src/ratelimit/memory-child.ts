/**
 * A process of its own for one measurement of memory: `memory-child ours|PEER`. Queues 100,001 messages behind a quota
 * of one. Prints by how many bytes the memory of the process is larger than before, after a garbage collection.
 * @module
 */
import { setImmediate } from "node:timers/promises";
import { ours, PEERS } from "./gates.ts";

const QUEUED = 100_000;
const BATCH = 1_000;

const [side = "ours"] = process.argv.slice(2);
const open = side === "ours" ? ours() : PEERS[side];
if (open === undefined) throw new RangeError(`side: want ours or a peer, got ${side}`);
let passed = 0;
const gate = await open(1, () => {
  passed += 1;
});
await gate.submit(new Uint8Array(200));
while (passed < 1) await setImmediate();
const beforeBytes = await resident();
for (let count = 0; count < QUEUED; count += BATCH) {
  await Promise.all(Array.from({ length: BATCH }, (_, index) => gate.submit(new Uint8Array(200).fill(index))));
}
console.log((await resident()) - beforeBytes);
if (passed !== 1) throw new Error(`passed: want 1, got ${passed}`);
process.exit(0); // what waits would wait for its epoch

async function resident(): Promise<number> {
  for (let turn = 0; turn < 3; turn += 1) {
    await setImmediate();
    globalThis.gc?.();
  }
  return process.memoryUsage.rss();
}
