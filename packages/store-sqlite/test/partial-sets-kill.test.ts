import { randomInt } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { DurableReassembler, Segmenter } from "@chat/segmentation";
import { openStore } from "@chat/store-sqlite";
import { expect, test } from "@jest/globals";
import { Child } from "./child/run.ts";
import { payloadOf } from "./payload.ts";
import { randomUnit } from "./random-unit.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const directory = temporaryDirectory();
const key = new Uint8Array(32).fill(7);
const KILLS = 3;
const payload = payloadOf(8 * 2 ** 20, 1);
const options = { maxMessageSize: 8_192, wrap: "always" } as const;
const segments = [...new Segmenter({ ...options, parity: "none" }).segment(payload)];
const indexes = new Map(segments.map((bytes, index) => [Buffer.from(bytes).toString("latin1"), index]));

// The second seed is a new one every time; it is in the title, to be put in the list when a run fails.
test.each([20_261_123, randomInt(2 ** 31)])(
  "a receiver killed at random moments holds all it said it held, and the payload becomes whole (seed %i)",
  async (seed) => {
    const random = randomUnit(seed);
    const path = directory.file(`${seed}.db`);
    const said = new Set<number>();
    for (let kill = 0; kill < KILLS; kill++) {
      const start = Math.floor(random() * segments.length); // another order every time
      const values = [payload.length, options.maxMessageSize, start].map(String);
      await using receiver = new Child("receive.ts", path, ...values);
      expect(await receiver.line()).toBe("opening");
      // The first kill hits the opening, the others a receiver that is well under way.
      const lines = kill === 0 ? 0 : 1 + Math.floor(random() * 150);
      // A receiver that has them all by then, as on a busy machine, ends by itself.
      const addLine = (line: string | undefined) => line !== undefined && said.add(Number(line));
      for (let line = 0; line < lines; line++) addLine(await receiver.line());
      await wait(random() * 5);
      await receiver.kill();
      while (addLine(await receiver.line()));
      await using store = await openStore({ path, key });
      const stored = (await Array.fromAsync(store.partialSets.segments())).map(({ bytes }) => indexOf(bytes));
      expect(new Set(stored).size).toBe(stored.length);
      expect([...said].filter((index) => !stored.includes(index))).toEqual([]);
    }
    expect(said.size).toBeGreaterThan(0);
    await using store = await openStore({ path, key });
    const reassembler = await DurableReassembler.open({ ...options, store: store.partialSets });
    const results = await Promise.all(segments.map((bytes) => reassembler.accept(bytes, { nowMs: 1 })));
    const complete = results.filter((result) => result.kind === "complete");
    const wholes = [...reassembler.recovered(), ...complete].map((whole) => Buffer.compare(whole.payload, payload));
    expect(wholes).toEqual([0]);
    for (const index of said) expect(results[index]).toMatchObject({ kind: "discarded", reason: "duplicate" });
  },
  30_000,
);

function indexOf(bytes: Uint8Array): number {
  const index = indexes.get(Buffer.from(bytes).toString("latin1"));
  if (index === undefined) throw new Error("stored segment: want one that was given, got other bytes");
  return index;
}
