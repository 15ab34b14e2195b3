import { openMemoryStore, type Store } from "@chat/store";
import { historySearch, randomHistory, searchesOf, snapshotOf } from "@chat/store/testing";
import { openStore } from "@chat/store-sqlite";
import { expect, test } from "@jest/globals";
import { temporaryDirectory } from "./temporary-directory.ts";

const directory = temporaryDirectory();
const key = new Uint8Array(32).fill(7);

test.each([101, 102, 103, 104, 105])(
  "history %i reads as it does in memory, also after opening it again",
  async (seed) => {
    const path = directory.file(`history-${seed}.db`);
    await using memory = openMemoryStore({ search: historySearch });
    const outcomesIn = (store: typeof memory, steps: ReturnType<typeof randomHistory>) =>
      Promise.allSettled(steps.map(({ change }) => store.write(change)));
    for (let part = 0; part < 4; part++) {
      await using store = await openStore({ path, key, search: historySearch });
      expect(await readsOf(store)).toEqual(await readsOf(memory));
      for (const steps of [randomHistory(seed * 10 + part, 20), randomHistory(seed * 20 + part, 3)]) {
        const outcomes = await outcomesIn(store, steps);
        expect(outcomes.map(summary)).toEqual((await outcomesIn(memory, steps)).map(summary));
        expect(await readsOf(store)).toEqual(await readsOf(memory));
      }
    }
  },
);

async function readsOf(store: Store): Promise<unknown> {
  return { ...Object(await snapshotOf(store)), searches: await searchesOf(store) };
}

function summary(outcome: PromiseSettledResult<void>): string {
  return outcome.status === "fulfilled" ? "done" : String(outcome.reason.code ?? outcome.reason.message);
}
