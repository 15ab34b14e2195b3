/**
 * Several streams as one, without running ahead: of each, at most one value is waiting to be taken.
 * @module
 */

type Slot<Value> = {
  readonly iterator: AsyncIterator<Value, unknown, undefined>;
  state: { kind: "asked" } | { kind: "value"; value: Value } | { kind: "failed"; error: unknown } | { kind: "done" };
};

/** Ends when all streams have ended, or with the failure of one; the others are then returned from. */
export async function* merge<Value>(streams: readonly AsyncIterable<Value>[]): AsyncGenerator<Value, void, undefined> {
  let wake = () => {};
  const slots = streams.map((stream): Slot<Value> => {
    return { iterator: stream[Symbol.asyncIterator](), state: { kind: "asked" } };
  });
  // Not Promise.race: what waits for long would gather a reaction for every value of the others.
  const ask = (slot: Slot<Value>) => {
    slot.state = { kind: "asked" };
    slot.iterator.next().then(
      ({ done, value }) => settle(slot, done === true ? { kind: "done" } : { kind: "value", value }),
      (error: unknown) => settle(slot, { kind: "failed", error }),
    );
  };
  const settle = (slot: Slot<Value>, state: Slot<Value>["state"]) => {
    slot.state = state;
    wake();
  };
  for (const slot of slots) ask(slot);
  try {
    while (slots.some(({ state }) => state.kind !== "done")) {
      const news = new Promise<void>((resolve) => {
        wake = resolve;
      });
      let isQuiet = true;
      for (const slot of slots) {
        if (slot.state.kind === "failed") throw slot.state.error;
        if (slot.state.kind !== "value") continue;
        isQuiet = false;
        yield slot.state.value;
        ask(slot);
      }
      if (isQuiet) await news;
    }
  } finally {
    for (const { iterator } of slots) void iterator.return?.().catch(() => {});
  }
}
