import { describe, expect, test } from "@jest/globals";
import {
  acknowledgementDelayMs,
  expireGaps,
  nextWakeUpMs,
  openChannel,
  postponed,
  type RandomBytes,
  retransmissionsDue,
  retransmitted,
} from "../src/index.ts";
import { Peer } from "./peer.ts";
import { MOST_JITTER, NO_JITTER, seeded } from "./seeded.ts";

const DAY_MS = 86_400_000;

/** Delays of the first `count` retransmissions, when each is done as soon as it is due. */
function delays(count: number, random: RandomBytes): number[] {
  const alice = new Peer("I", random);
  const { messageId } = alice.send("hello", 0);
  let nowMs = 0;
  return Array.from({ length: count }, () => {
    const dueMs = nextWakeUpMs(alice.state, DAY_MS) ?? Number.NaN;
    expect(retransmissionsDue(alice.state, dueMs - 1)).toEqual([]);
    expect(retransmissionsDue(alice.state, dueMs)).toEqual([messageId]);
    alice.state = retransmitted(alice.state, messageId, { nowMs: dueMs, random });
    const delayMs = dueMs - nowMs;
    nowMs = dueMs;
    return delayMs;
  });
}

describe("retransmission", () => {
  test("30 s without jitter, doubling up to 48 minutes", () => {
    const seconds = [30, 60, 120, 240, 480, 960, 1_920, 2_880, 2_880];
    expect(delays(9, NO_JITTER)).toEqual(seconds.map((value) => value * 1_000));
  });

  test("with the most jitter it is a quarter more, and never more than an hour", () => {
    const longest = delays(9, MOST_JITTER);
    expect(longest[0]).toBe(37_499);
    expect(Math.max(...longest)).toBe(3_599_999);
  });

  test("after hundreds of attempts it still comes every hour", () => {
    expect(delays(300, NO_JITTER).at(-1)).toBe(2_880_000);
  });

  test("an acknowledged message is not due, and planning it again changes nothing", () => {
    const [alice, bob] = [new Peer("I"), new Peer("R")];
    const { messageId, bytes } = alice.send("hello", 0);
    bob.receive(bytes, 0);
    alice.receive(bob.acknowledge(0), 0);
    expect(retransmissionsDue(alice.state, DAY_MS)).toEqual([]);
    expect(retransmitted(alice.state, messageId, { nowMs: 0, random: NO_JITTER })).toEqual(alice.state);
  });

  test("what has not left yet is postponed as if it were sent then, and keeps its place in the doubling", () => {
    const alice = new Peer("I", NO_JITTER);
    const { messageId } = alice.send("hello", 0);
    const plan = { random: NO_JITTER };
    const waiting = postponed(postponed(alice.state, messageId, { nowMs: 30_000, ...plan }), messageId, {
      nowMs: 60_000,
      ...plan,
    });
    expect(nextWakeUpMs(waiting, DAY_MS)).toBe(90_000);
    const again = retransmitted(waiting, messageId, { nowMs: 90_000, ...plan });
    expect(nextWakeUpMs(again, DAY_MS)).toBe(150_000);
  });

  test("a clock that was set back by more than an hour does not keep a message from being sent again", () => {
    const alice = new Peer("I", NO_JITTER);
    const { messageId } = alice.send("hello", DAY_MS);
    expect(retransmissionsDue(alice.state, DAY_MS - 3_600_000)).toEqual([]);
    expect(retransmissionsDue(alice.state, DAY_MS - 3_600_001)).toEqual([messageId]);
  });

  test("what is due comes in the order of sending", () => {
    const alice = new Peer("I", seeded(3).bytes);
    const ids = ["1", "2", "3"].map((text) => alice.send(text, 0).messageId);
    expect(retransmissionsDue(alice.state, 40_000)).toEqual(ids);
  });
});

describe("gaps", () => {
  test("are given up at the deadline, and what comes after that is content", () => {
    const [alice, bob] = [new Peer("I"), new Peer("R")];
    const lost = alice.send("1", 0);
    bob.receive(alice.send("2", 0).bytes, 1_000);
    expect(nextWakeUpMs(bob.state, DAY_MS)).toBe(1_000 + DAY_MS);
    expect(expireGaps(bob.state, DAY_MS + 999, DAY_MS)).toEqual({ state: bob.state, lost: [], released: [] });
    const { state, lost: ids } = expireGaps(bob.state, DAY_MS + 1_000, DAY_MS);
    expect(ids).toEqual([lost.messageId]);
    expect(nextWakeUpMs(state, DAY_MS)).toBeUndefined();
    bob.state = state;
    expect(bob.receive(lost.bytes, DAY_MS + 2_000)).toMatchObject([{ kind: "content", messageId: lost.messageId }]);
  });

  test("the earliest of all deadlines wakes up", () => {
    const alice = new Peer("I");
    alice.send("due at 30 s", 0);
    const missing = [{ messageId: "0".repeat(32), sinceMs: 10_000 }];
    expect(nextWakeUpMs({ ...alice.state, missing }, 5_000)).toBe(15_000);
    expect(nextWakeUpMs({ ...alice.state, missing }, DAY_MS)).toBe(30_000);
    expect(nextWakeUpMs(openChannel("I"), DAY_MS)).toBeUndefined();
  });
});

describe("delay of acknowledgements", () => {
  test("its mean is 2 s, and it is never more than 4 s", () => {
    const { bytes } = seeded(7);
    const samples = Array.from({ length: 20_000 }, () => acknowledgementDelayMs(bytes));
    const meanMs = samples.reduce((sum, delayMs) => sum + delayMs, 0) / samples.length;
    expect(meanMs).toBeGreaterThan(1_950);
    expect(meanMs).toBeLessThan(2_050);
    expect(Math.min(...samples)).toBeGreaterThanOrEqual(0);
    expect(acknowledgementDelayMs(MOST_JITTER)).toBeLessThanOrEqual(4_000);
    // As likely in one half as in the other, whichever second of the four.
    for (const [fromMs, toMs] of [
      [0, 1_000],
      [1_000, 2_000],
      [2_000, 3_000],
      [3_000, 4_000],
    ] as const) {
      const share = samples.filter((delayMs) => delayMs >= fromMs && delayMs < toMs).length / samples.length;
      expect(Math.abs(share - 0.25)).toBeLessThan(0.02);
    }
  });

  test("a mean of 0 answers at once", () => {
    expect(acknowledgementDelayMs(MOST_JITTER, 0)).toBe(0);
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])("a mean of %d is refused", (meanMs) => {
    expect(() => acknowledgementDelayMs(NO_JITTER, meanMs)).toThrow("meanMs: want 0 or more");
  });

  test("a random source that runs dry is refused", () => {
    expect(() => acknowledgementDelayMs(() => new Uint8Array(3))).toThrow("random: want 4 bytes, got 3");
  });
});
