/**
 * Writes the transactions of a seed into a database, three under way at a time and failing ones between them, until it is
 * killed. Its one argument is a {@link KillsOrder}; it prints a {@link KillsLine} when it is open and for each that is
 * acknowledged.
 * @module
 */
import { writeSync } from "node:fs";
import { openStore } from "@chat/store-sqlite";
import { KEY, type KillsLine, type KillsOrder } from "./kills-order.ts";
import { changeOf, countOf, failingChangeOf } from "./workload.ts";

const UNDER_WAY = 3;

const { path, seed }: KillsOrder = JSON.parse(process.argv[2] ?? "");
const store = await openStore({ path, key: KEY });
let number = await countOf(store);
tell({ kind: "open" });

async function writeForever(): Promise<never> {
  while (true) {
    number += 1;
    const current = number;
    if (current % 5 === 0) store.write(failingChangeOf(seed, current)).catch(() => {});
    await store.write(changeOf(seed, current));
    tell({ kind: "acknowledged", number: current });
  }
}

await Promise.all(Array.from({ length: UNDER_WAY }, writeForever));

function tell(line: KillsLine): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}
