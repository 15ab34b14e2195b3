/**
 * Makes the steps of a seed in all parts of a database, several of each part under way at a time and failing transactions
 * between them, until it is killed. Its one argument is a {@link KillsOrder}; it prints a {@link KillsLine} when it is
 * open and for each step that is acknowledged.
 * @module
 */
import { writeSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { openStore } from "@chat/store-sqlite";
import { type KillsLine, type KillsOrder, type StepCounts, UNDER_WAY } from "./kills-order.ts";
import { PART_NAMES, type PartName, partsOf } from "./parts.ts";
import { keyOf } from "./store-files.ts";
import { failingChangeOf } from "./workload.ts";

const KEY_PAUSE_MS = 20;

const { files, seed, done }: KillsOrder = JSON.parse(process.argv[2] ?? "");
const store = await openStore({ ...files, key: keyOf(done.keys) });
const parts = partsOf(store, seed);
const last: Record<keyof StepCounts, number> = { ...done };
tell({ kind: "open" });

async function stepForever(part: PartName): Promise<never> {
  while (true) {
    last[part] += 1;
    const number = last[part];
    if (number % 5 === 0) store.write(failingChangeOf(seed, number)).catch(() => {});
    await parts[part].step(number);
    tell({ kind: "acknowledged", part, number });
  }
}

/** Between the steps, and with what they have under way. */
async function changeKeyForever(): Promise<never> {
  while (true) {
    await wait(KEY_PAUSE_MS);
    last.keys += 1;
    await store.changeKey(keyOf(last.keys));
    tell({ kind: "acknowledged", part: "keys", number: last.keys });
  }
}

await Promise.all([changeKeyForever(), ...Array.from({ length: UNDER_WAY }, () => PART_NAMES.map(stepForever)).flat()]);

function tell(line: KillsLine): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}
