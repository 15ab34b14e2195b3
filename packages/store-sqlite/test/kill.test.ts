import { randomInt } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { openStore } from "@chat/store-sqlite";
import { expect, test } from "@jest/globals";
import { Child } from "./child/run.ts";
import { randomUnit } from "./random-unit.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const directory = temporaryDirectory();
const key = new Uint8Array(32).fill(7);
const KILLS = 8;

// The second seed is a new one every time; it is in the title, to be put in the list when a run fails.
test.each([20_261_122, randomInt(2 ** 31)])(
  "a writer killed at random moments loses nothing acknowledged and leaves nothing half (seed %i)",
  async (seed) => {
    const random = randomUnit(seed);
    const path = directory.file(`${seed}.db`);
    let acknowledged = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      await using writer = new Child("write.ts", path);
      expect(await writer.line()).toBe("opening");
      // The first kills hit the opening, the others a writer that is well under way.
      const lines = kill < 2 ? kill : Math.floor(random() * 600);
      for (let line = 0; line < lines; line++) acknowledged = Math.max(acknowledged, Number(await writer.line()));
      await wait(random() * 5);
      await writer.kill();
      for (let line = await writer.line(); line !== undefined; line = await writer.line()) {
        acknowledged = Math.max(acknowledged, Number(line));
      }
      await expectWhole(path, acknowledged);
    }
    expect(acknowledged).toBeGreaterThan(0);
  },
  30_000,
);

/** The numbers written are 1 to some last one ≥ `acknowledged`; each has all its rows, and no failed one has any. */
async function expectWhole(path: string, acknowledged: number): Promise<void> {
  await using store = await openStore({ path, key });
  const last = (await store.messages.cursor("/writer")) ?? 0;
  expect(last).toBeGreaterThanOrEqual(acknowledged);
  const numbers = Array.from({ length: last }, (_, index) => index + 1);
  const messages = await store.messages.incomingAfter(0, last + 10);
  expect(messages.map(({ id, sequence, content }) => [id, sequence, content[1_999]])).toEqual(
    numbers.map((number) => [`m${number}`, number, number % 256]),
  );
  const tried = [...numbers, last + 1, last + 2, last + 3].flatMap((number) => [`d${number}`, `failed-${number}`]);
  const known = await store.messages.knownSdsIds("s1", tried);
  expect([...known]).toEqual(numbers.map((number) => `d${number}`));
  const [session] = await store.secrets.sessions();
  expect(new TextDecoder().decode(session?.snapshot)).toBe(last === 0 ? "" : String(last));
}
