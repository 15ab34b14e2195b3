/**
 * Writes numbered transactions into the store at the path or the two paths given, one after the other, until it is killed, and prints "open"
 * when it begins. `<path>.acknowledged` always holds the number of the last one that was acknowledged.
 * @module
 */
import { openSync, writeSync } from "node:fs";
import { openStore } from "@chat/store-sqlite";
import { countWhole, numberedChange } from "../numbered.ts";

const [path = "", secretsPath] = process.argv.slice(2);
const options = { path, ...(secretsPath !== undefined && { secretsPath }) };
const store = await openStore({ ...options, key: new Uint8Array(32).fill(7) });
const acknowledged = openSync(`${path}.acknowledged`, "w");
writeSync(1, "open\n");
for (let number = 1 + (await countWhole(store)); ; number += 1) {
  await store.write(numberedChange(number));
  writeSync(acknowledged, String(number), 0);
}
