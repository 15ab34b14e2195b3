/**
 * Rows of the database one by one as they come, from a position on: it reads page by page and waits for news, so it buffers
 * nothing and misses nothing while nobody listens.
 * @module
 */
import type { DurableChange, Notifier } from "./notifier.ts";

const PAGE_SIZE = 50;

type Followed<Row> = {
  readonly notifier: Notifier;
  /** Rows behind the position, in order. */
  readonly read: (position: number, limit: number) => Promise<Row[]>;
  readonly positionOf: (row: Row) => number;
  /** Kinds of change after which there may be more rows. */
  readonly wakes: readonly DurableChange["kind"][];
  /** Called once, when everything that was there has been taken. */
  readonly onCaughtUp?: (() => void) | undefined;
};

/** Ends when `ended` is aborted. */
export async function* follow<Row>(
  { notifier, read, positionOf, wakes, onCaughtUp }: Followed<Row>,
  start: number,
  ended: AbortSignal,
): AsyncGenerator<Row, void, undefined> {
  let wake = () => {};
  const stopObserving = notifier.observe(({ kind }) => {
    if (wakes.includes(kind)) wake();
  });
  const onEnd = () => wake();
  ended.addEventListener("abort", onEnd);
  try {
    let position = start;
    let isBehind = true;
    while (!ended.aborted) {
      const news = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const page = await read(position, PAGE_SIZE);
      for (const row of page) {
        if (ended.aborted) return;
        position = positionOf(row);
        yield row;
      }
      if (page.length > 0 || ended.aborted) continue;
      if (isBehind) onCaughtUp?.();
      isBehind = false;
      await news;
    }
  } finally {
    stopObserving();
    ended.removeEventListener("abort", onEnd);
  }
}
