import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import type { Connection, Stream } from "@libp2p/interface";
import { createCounters } from "../src/counters.ts";
import { requestHandler } from "../src/streams.ts";

const REQUEST = Uint8Array.of(2, 7, 8);

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** A request stream whose remote end is in the hands of the test. */
function openStream() {
  const counters = createCounters();
  const replies: Uint8Array[] = [];
  let aborted = false;
  let give: (step: IteratorResult<Uint8Array>) => void = () => {};
  let fail: (error: Error) => void = () => {};
  const next = () =>
    new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
      give = resolve;
      fail = reject;
    });
  // Only what a handler uses of a stream.
  const stream = {
    source: { [Symbol.asyncIterator]: () => ({ next }) },
    sink: async (source: Iterable<{ subarray(): Uint8Array }>) => {
      for (const chunk of source) replies.push(chunk.subarray());
    },
    abort: (error: Error) => {
      aborted = true;
      fail(error);
    },
  } as unknown as Stream;
  const answer = async (request: Uint8Array) => request;
  const handle = requestHandler({ maxRequestBytes: 1_000, counters, answer });
  void handle({ stream, connection: {} as Connection });
  const settle = () => jest.advanceTimersByTimeAsync(0);
  return {
    counters,
    replies,
    isAborted: () => aborted,
    write: (bytes: Uint8Array) => {
      give({ done: false, value: bytes });
      return settle();
    },
    end: () => {
      give({ done: true, value: undefined });
      return settle();
    },
  };
}

test("a request is answered, and the stream is read until the remote ends it", async () => {
  const { write, end, replies, isAborted, counters } = openStream();
  await write(REQUEST);
  expect(replies).toEqual([REQUEST]);
  await write(new Uint8Array(5));
  await end();
  expect(isAborted()).toBe(false);
  expect(jest.getTimerCount()).toBe(0);
  expect(counters).toEqual(createCounters());
});

test("a request that stops half-way is given up after 10 s and counted", async () => {
  const { write, isAborted, counters } = openStream();
  await write(REQUEST.subarray(0, 2));
  await jest.advanceTimersByTimeAsync(9_999);
  expect(isAborted()).toBe(false);
  await jest.advanceTimersByTimeAsync(1);
  expect(isAborted()).toBe(true);
  expect(counters.dropped.timeout).toBe(1);
  expect(jest.getTimerCount()).toBe(0);
});

test("a stream opened ahead of time may wait for 5 minutes, and its end is no drop", async () => {
  const { isAborted, counters } = openStream();
  await jest.advanceTimersByTimeAsync(299_999);
  expect(isAborted()).toBe(false);
  await jest.advanceTimersByTimeAsync(1);
  expect(isAborted()).toBe(true);
  expect(counters).toEqual(createCounters());
});

test("a remote that never ends its stream after the reply is cut off after 10 s", async () => {
  const { write, replies, isAborted } = openStream();
  await write(REQUEST);
  expect(replies).toHaveLength(1);
  await jest.advanceTimersByTimeAsync(10_000);
  expect(isAborted()).toBe(true);
});

test("a remote that keeps writing after its request is cut off", async () => {
  const { write, isAborted, counters } = openStream();
  await write(REQUEST);
  for (let index = 0; index < 17; index += 1) await write(new Uint8Array(64 * 1024));
  expect(isAborted()).toBe(true);
  expect(counters.dropped["too-large"]).toBe(1);
});
