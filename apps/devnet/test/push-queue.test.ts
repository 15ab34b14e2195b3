import { expect, test } from "@jest/globals";
import type { Connection } from "@libp2p/interface";
import * as lengthPrefixed from "it-length-prefixed";
import { createCounters } from "../src/counters.ts";
import { PushQueue } from "../src/push-queue.ts";
import { eventually } from "./eventually.ts";

const MIB = 1024 * 1024;

/** A subscriber whose stream and pings are in the hands of the test. */
function openQueue() {
  const counters = createCounters();
  const sent: Uint8Array[] = [];
  const pongs: (() => void)[] = [];
  let remote = Promise.withResolvers<{ done: true }>();
  let broken = 0;
  let streams = 0;
  let oneEach = false;
  const openStream = () => {
    const end = Promise.withResolvers<{ done: true }>();
    remote = end;
    return {
      source: { [Symbol.asyncIterator]: () => ({ next: () => end.promise }) },
      sink: async (source: AsyncIterable<Uint8Array>) => {
        for await (const frame of lengthPrefixed.decode(source)) {
          sent.push(frame.subarray());
          if (oneEach) end.resolve({ done: true });
        }
      },
      abort: () => end.resolve({ done: true }),
    };
  };
  // Only what the queue uses of a connection.
  const connection = {
    remotePeer: "subscriber",
    newStream: async () => {
      streams += 1;
      return openStream();
    },
  } as unknown as Connection;
  const queue = new PushQueue({
    connection,
    codec: "/push",
    counters,
    ping: (_peer, signal) =>
      new Promise<void>((resolve, reject) => {
        pongs.push(resolve);
        signal.addEventListener("abort", () => reject(new Error("no pong")));
      }),
    onBroken: () => {
      broken += 1;
    },
  });
  return {
    queue,
    counters,
    sent,
    pongs,
    closeAfterEachMessage: () => {
      oneEach = true;
    },
    reset: () => remote.reject(new Error("reset")),
    broken: () => broken,
    streams: () => streams,
  };
}

test("frames go out in order over one stream", async () => {
  const { queue, sent, streams, counters } = openQueue();
  for (let index = 0; index < 200; index += 1) queue.push(Uint8Array.of(index));
  await eventually("all are sent", () => counters.filtered === 200);
  expect(sent.map(([first]) => first)).toEqual(Array.from({ length: 200 }, (_, index) => index));
  expect(streams()).toBe(1);
  queue.close();
});

test("after a window of bytes nothing more is sent until the subscriber answers a ping", async () => {
  const { queue, sent, pongs } = openQueue();
  for (let index = 0; index < 5; index += 1) queue.push(new Uint8Array(MIB / 2));
  await eventually("the window is full", () => pongs.length === 1);
  expect(sent).toHaveLength(2);
  pongs[0]?.();
  await eventually("the next window is full", () => pongs.length === 2);
  expect(sent).toHaveLength(4);
  queue.close();
});

test("a subscriber that does not read costs a bounded number of bytes; the rest is dropped and counted", async () => {
  const { queue, counters, pongs } = openQueue();
  queue.push(new Uint8Array(MIB));
  await eventually("the window is full", () => pongs.length === 1);
  for (let index = 0; index < 20; index += 1) queue.push(new Uint8Array(MIB));
  expect(counters.dropped["queue-full"]).toBe(12);
  queue.close();
  expect(counters.dropped["subscriber-gone"]).toBe(8);
});

test("a subscriber that closes its end after a message gets a stream for each, in order", async () => {
  const { queue, sent, streams, closeAfterEachMessage, counters, broken } = openQueue();
  closeAfterEachMessage();
  for (let index = 0; index < 20; index += 1) queue.push(Uint8Array.of(index));
  await eventually("all are sent", () => counters.filtered === 20);
  expect(sent.map(([first]) => first)).toEqual(Array.from({ length: 20 }, (_, index) => index));
  expect(streams()).toBe(20);
  expect(broken()).toBe(0);
  queue.close();
});

test("a subscriber that resets the stream is reported once, and what comes later is counted", async () => {
  const { queue, counters, reset, broken } = openQueue();
  queue.push(Uint8Array.of(1));
  await eventually("it is sent", () => counters.filtered === 1);
  reset();
  await eventually("it is reported", () => broken() === 1);
  queue.push(Uint8Array.of(2));
  expect(counters.dropped["subscriber-gone"]).toBe(1);
  queue.close();
  expect(broken()).toBe(1);
});

test("closing is no breakage", async () => {
  const { queue, counters, broken } = openQueue();
  queue.push(Uint8Array.of(1));
  await eventually("it is sent", () => counters.filtered === 1);
  queue.close();
  queue.close();
  expect(broken()).toBe(0);
});
