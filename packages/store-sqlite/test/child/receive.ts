/**
 * Receives segments into the partial sets at the path given until it is killed or has them all, several at a time
 * and from a given index on, and prints the index of each as soon as it is reported as held.
 * @module
 */
import { writeSync } from "node:fs";
import { DurableReassembler, Segmenter } from "@chat/segmentation";
import { openStore } from "@chat/store-sqlite";
import { payloadOf } from "../payload.ts";

const [path = "", length = "", maxMessageSize = "", start = ""] = process.argv.slice(2);
const options = { maxMessageSize: Number(maxMessageSize), wrap: "always" } as const;
const segments = [...new Segmenter({ ...options, parity: "none" }).segment(payloadOf(Number(length), 1))];

writeSync(1, "opening\n");
const { partialSets } = await openStore({ path, key: new Uint8Array(32).fill(7) });
const reassembler = await DurableReassembler.open({ ...options, store: partialSets });
let next = 0;

async function receive(): Promise<void> {
  while (next < segments.length) {
    const index = (Number(start) + next) % segments.length;
    next += 1;
    const result = await reassembler.accept(segments[index] ?? new Uint8Array(), { nowMs: 1 });
    if (result.kind !== "discarded") writeSync(1, `${index}\n`);
  }
}

await Promise.all([receive(), receive(), receive()]);
