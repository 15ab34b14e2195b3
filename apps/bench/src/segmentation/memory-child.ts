/**
 * A process of its own for one measurement of memory: `memory-child segment|reassemble|reassemble-lossy FILE`. Segments
 * 100 MiB into the file, or reassembles what is in it. Prints by how many bytes the memory of the process was larger at
 * its peak than before.
 * @module
 */
import { closeSync, openSync, readFileSync, readSync, writeSync } from "node:fs";
import { Reassembler, Segmenter } from "@chat/segmentation";
import { payloadOf } from "./inputs.ts";
import { MAX_MESSAGE_SIZE, MIB } from "./sizes.ts";

const [task, path] = process.argv.slice(2);
if (path === undefined) throw new RangeError("file: want a path, got none");
if (task === "segment") console.log(segment(path));
else console.log(reassemble(path, task === "reassemble-lossy" ? 8 : undefined));

function segment(path: string): number {
  const payload = payloadOf(100 * MIB);
  const file = openSync(path, "w");
  const extra = growth();
  // The network: a message is gone as soon as it is sent.
  for (const message of new Segmenter({ maxMessageSize: MAX_MESSAGE_SIZE }).segment(payload)) {
    writeSync(file, Uint32Array.of(message.length));
    writeSync(file, message);
  }
  closeSync(file);
  return extra();
}

/** @param lossEvery - of so many messages, one does not arrive */
function reassemble(path: string, lossEvery = Number.POSITIVE_INFINITY): number {
  const file = openSync(path, "r");
  const extra = growth();
  const reassembler = new Reassembler({ maxMessageSize: MAX_MESSAGE_SIZE });
  let payload: Uint8Array | undefined;
  const length = new Uint32Array(1);
  const buffer = new Uint8Array(MAX_MESSAGE_SIZE); // one for all messages: what arrives is not to be counted
  for (let number = 1; readSync(file, length) > 0; number += 1) {
    const message = buffer.subarray(0, length[0]);
    readSync(file, message);
    if (number % lossEvery === 0) continue;
    const result = reassembler.accept(message, { nowMs: 0 });
    if (result.kind === "complete") payload = result.payload;
  }
  closeSync(file);
  if (payload?.length !== 100 * MIB) throw new Error("payload: want it complete, got too few segments");
  return extra();
}

/** From now on. */
function growth(): () => number {
  globalThis.gc?.();
  const beforeBytes = process.memoryUsage.rss();
  return () => peakBytes() - beforeBytes;
}

/** As the operating system noted it, so that nothing escapes between two looks. */
function peakBytes(): number {
  try {
    const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "latin1")) ?? [];
    if (kibibytes !== undefined) return Number(kibibytes) * 1024;
  } catch {
    // Only Linux has the file. There, maxRSS would be wrong: a process starts with the peak of the one that started it.
  }
  return process.resourceUsage().maxRSS * 1024;
}
