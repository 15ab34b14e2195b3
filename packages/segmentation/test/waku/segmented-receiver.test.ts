/** Receiving from messages that a test hands over. */
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type IncompleteReport, Segmenter } from "../../src/index.ts";
import { backgroundClock } from "../../src/waku/clock.ts";
import { RecentKeys } from "../../src/waku/recent-keys.ts";
import { type ReceivedMessage, SegmentedReceiver, type SegmentedReceiverOptions } from "../../src/waku.ts";
import { payloadOf } from "../payloads.ts";
import { FakeClock, quiet } from "./fakes.ts";

const MESSAGE_SIZE = 187; // chunks of 128 bytes
const TIMEOUT_MS = 300_000;

type Message = ReceivedMessage & { readonly from?: string };

let messageCount = 0;

/** As if sent: each has a hash of its own. */
function messagesOf(payload: Uint8Array, { blind = true, from }: { blind?: boolean; from?: string } = {}): Message[] {
  const segments = new Segmenter({ maxMessageSize: MESSAGE_SIZE, blind }).segment(payload);
  return [...segments].map((bytes) => {
    messageCount += 1;
    return { payload: bytes, hashStr: `message ${messageCount}`, ...(from !== undefined && { from }) };
  });
}

function receiving(options: SegmentedReceiverOptions<Message> = {}) {
  const clock = new FakeClock();
  const got: { readonly payload: Uint8Array; readonly message: Message }[] = [];
  const incomplete: IncompleteReport[] = [];
  const discarded: string[] = [];
  const receiver = new SegmentedReceiver<Message>((payload, message) => got.push({ payload, message }), {
    clock,
    onIncomplete: (report) => incomplete.push(report),
    onDiscarded: (reason) => discarded.push(reason),
    ...options,
  });
  const accept = (messages: readonly Message[]) => {
    for (const message of messages) receiver.accept(message);
  };
  return { clock, receiver, accept, incomplete, discarded, got, payloads: () => got.map(({ payload }) => payload) };
}

describe("a payload", () => {
  test("is given once, with the message that made it whole", () => {
    const { accept, got } = receiving();
    const messages = messagesOf(payloadOf(2_000));
    accept(messages);
    expect(got).toEqual([{ payload: payloadOf(2_000), message: messages[15] }]);
  });

  test("is given once whatever the order, the copies and the losses within parity", () => {
    const cases = fc.record({
      length: fc.integer({ min: 0, max: 6_000 }),
      picks: fc.array(fc.nat(), { minLength: 1, maxLength: 200 }),
    });
    const once = fc.property(cases, ({ length, picks }) => {
      const { accept, payloads, discarded } = receiving();
      const messages = messagesOf(payloadOf(length));
      const lost = Math.floor((messages.length - 1) / 8);
      const arriving = messages.slice(lost);
      for (const pick of picks) accept(arriving.slice(pick % arriving.length).slice(0, 1));
      accept(arriving);
      expect({ payloads: payloads(), discarded }).toEqual({ payloads: [payloadOf(length)], discarded: [] });
    });
    fc.assert(once, { numRuns: 200 });
  });

  test("is not mixed with another one that arrives at the same time", () => {
    const { accept, payloads } = receiving();
    const [first, second] = [messagesOf(payloadOf(2_000)), messagesOf(payloadOf(1_900))];
    for (const [index, message] of first.entries()) accept([message, ...second.slice(index, index + 1)]);
    expect(payloads()).toEqual([payloadOf(2_000), payloadOf(1_900)]);
  });

  test("that came by filter is not given again when the store has it, however late", () => {
    const { accept, payloads, clock, incomplete } = receiving();
    const messages = [...messagesOf(payloadOf(2_000)), ...messagesOf(payloadOf(100))];
    accept(messages);
    clock.advance(100 * TIMEOUT_MS);
    accept(messages.slice(1));
    clock.advance(2 * TIMEOUT_MS);
    expect(payloads()).toEqual([payloadOf(2_000), payloadOf(100)]);
    expect(incomplete).toEqual([]);
  });

  test("that is sent a second time is given a second time", () => {
    const { accept, payloads } = receiving();
    for (const length of [2_000, 100, 2_000, 100]) accept(messagesOf(payloadOf(length)));
    expect(payloads().map(({ length }) => length)).toEqual([2_000, 100, 2_000, 100]);
  });

  test("of plain LIP-243, which gives two sendings one name, is given again only after the timeout", () => {
    const { accept, payloads, clock } = receiving({ blind: false });
    const send = () => accept(messagesOf(payloadOf(2_000), { blind: false }));
    send();
    send();
    expect(payloads()).toEqual([payloadOf(2_000)]);
    clock.advance(TIMEOUT_MS);
    send();
    expect(payloads()).toEqual([payloadOf(2_000), payloadOf(2_000)]);
  });
});

describe("a payload that stays incomplete", () => {
  test("is reported by time alone, at most a tenth after its timeout, with what was missing", () => {
    const { accept, clock, incomplete, got } = receiving();
    accept(messagesOf(payloadOf(2_000)).slice(3));
    clock.advance(TIMEOUT_MS - 1);
    expect(incomplete).toEqual([]);
    clock.advance(TIMEOUT_MS / 10);
    expect(incomplete).toMatchObject([
      { reason: "timeout", held: 15, needed: 1, total: 18, missing: [{ first: 0, last: 2 }] },
    ]);
    expect(got).toEqual([]);
  });

  test("may go on for as long as segments arrive", () => {
    const { accept, clock, payloads, incomplete } = receiving({ timeoutMs: 1_000 });
    for (const message of messagesOf(payloadOf(2_000))) {
      accept([message]);
      clock.advance(999);
    }
    expect(payloads()).toEqual([payloadOf(2_000)]);
    expect(incomplete).toEqual([]);
  });

  test("is reported when it had to make room", () => {
    const { accept, incomplete } = receiving({ maxSets: 1 });
    accept(messagesOf(payloadOf(2_000)).slice(0, 1));
    accept(messagesOf(payloadOf(1_900)).slice(0, 1));
    expect(incomplete).toMatchObject([{ reason: "evicted", payloadLength: expect.any(Number), held: 1 }]);
  });

  test("leaves no timer behind, nor does one that became whole", () => {
    const { accept, clock } = receiving();
    expect(clock.timers).toBe(0);
    accept(messagesOf(payloadOf(2_000)));
    accept(messagesOf(payloadOf(2_000)).slice(3));
    expect(clock.timers).toBe(1);
    clock.advance(2 * TIMEOUT_MS);
    expect(clock.timers).toBe(0);
  });
});

describe("callbacks", () => {
  const broken = new TypeError("no such element");
  const throwing = () => {
    throw broken;
  };

  test("each segment that is held tells how many more it takes", () => {
    const needed: number[] = [];
    const { accept } = receiving({ onProgress: (progress) => needed.push(progress.needed) });
    accept(messagesOf(payloadOf(2_000)));
    expect(needed).toEqual([15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
  });

  test("what they throw, at once or later, is handed to onError and harms no later payload", async () => {
    const errors: unknown[] = [];
    const got: number[] = [];
    const receiver = new SegmentedReceiver<Message>(
      async ({ length }) => {
        got.push(length);
        await quiet();
        throw broken;
      },
      { clock: new FakeClock(), onProgress: throwing, onError: (error) => errors.push(error) },
    );
    for (const message of [...messagesOf(payloadOf(200)), ...messagesOf(payloadOf(100))]) receiver.accept(message);
    await quiet();
    await quiet();
    expect(got).toEqual([200, 100]);
    expect(errors).toEqual([broken, broken, broken]);
  });

  test("without onError, what they throw is lost, and nothing else", async () => {
    const { accept, payloads } = receiving({ onProgress: throwing, maxSets: 1, onIncomplete: throwing });
    accept(messagesOf(payloadOf(2_000)).slice(0, 1));
    accept(messagesOf(payloadOf(2_000)));
    await quiet();
    expect(payloads()).toEqual([payloadOf(2_000)]);
  });

  test("a message that is not taken is mentioned with its reason; a duplicate and an unreadable one are not", () => {
    const { accept, receiver, discarded } = receiving({ maxMessageSize: MESSAGE_SIZE });
    const [first, ...others] = messagesOf(payloadOf(2_000));
    if (first === undefined) throw new Error("want a segment");
    accept([first, first, ...others]);
    receiver.accept(undefined);
    expect(discarded).toEqual([]);
    accept([{ payload: payloadOf(MESSAGE_SIZE + 1), hashStr: "too long" }]);
    expect(discarded).toEqual(["oversized"]);
  });
});

describe("senders that are told apart", () => {
  test("never share a set, and one who floods does not push out the others", () => {
    const { accept, payloads } = receiving({ maxSets: 4, senderOf: ({ from }) => from });
    const [first, ...others] = messagesOf(payloadOf(2_000), { from: "alice" });
    if (first === undefined) throw new Error("want a segment");
    accept([first]);
    accept(others.map((message) => ({ ...message, from: "mallory" })).slice(0, 14));
    for (let count = 0; count < 20; count += 1) accept(messagesOf(payloadOf(2_000), { from: "mallory" }).slice(0, 1));
    expect(payloads()).toEqual([]);
    accept(others);
    expect(payloads()).toEqual([payloadOf(2_000)]);
  });

  test("when telling them apart fails, the message is left out and the error handed over", () => {
    const errors: unknown[] = [];
    const broken = new TypeError("no signature");
    const { accept, got } = receiving({
      senderOf: () => {
        throw broken;
      },
      onError: (error) => errors.push(error),
    });
    accept(messagesOf(payloadOf(100)));
    expect({ got, errors }).toEqual({ got: [], errors: [broken] });
  });
});

describe("after close", () => {
  test("nothing is called and no timer is left", () => {
    const { accept, receiver, clock, got, incomplete } = receiving();
    const messages = messagesOf(payloadOf(2_000));
    accept(messages.slice(0, 10));
    receiver.close();
    expect(clock.timers).toBe(0);
    accept(messages);
    clock.advance(2 * TIMEOUT_MS);
    receiver.close();
    expect({ got, incomplete }).toEqual({ got: [], incomplete: [] });
  });

  test("a callback that closes the receiver sets no new timer", () => {
    const { accept, receiver, clock } = receiving({ onProgress: () => receiver.close() });
    accept(messagesOf(payloadOf(2_000)).slice(0, 2));
    expect(clock.timers).toBe(0);
  });
});

test("a bad option is refused", () => {
  expect(() => receiving({ maxMessageSize: 1 })).toThrow(/^maxMessageSize: want/);
});

test("the timers of a receiver do not keep a Node process alive", () => {
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  const before = timers();
  const cancel = backgroundClock.after(60_000, () => {});
  expect(timers()).toBe(before);
  cancel();
});

test("of many keys, the newest are known", () => {
  const keys = new RecentKeys(3);
  for (const key of ["a", "b", "c", "c", "d"]) keys.add(key);
  expect(["a", "b", "c", "d"].map((key) => keys.has(key))).toEqual([false, true, true, true]);
});
