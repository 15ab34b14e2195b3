import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  expireGaps,
  type Held,
  hold,
  nextWakeUpMs,
  openChannel,
  parse,
  receive,
  release,
  releaseOverdue,
  type SdsEvent,
  send,
} from "../src/index.ts";
import { utf8 } from "./bytes.ts";
import { NO_JITTER } from "./seeded.ts";

const NOW_MS = 1_795_000_000_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const LIMITS = { holdMs: 4_000 };

/** `count` messages of one sender, each naming the one before it. */
function chain(count: number): { readonly messageId: string; readonly bytes: Uint8Array }[] {
  let state = openChannel("I");
  return Array.from({ length: count }, (_, index) => {
    const sent = send(state, utf8(`message ${index + 1}`), { nowMs: NOW_MS + index, random: NO_JITTER });
    state = sent.state;
    return sent;
  });
}

/** The other side in causal order. */
class Reader {
  state = openChannel("R");
  readonly known = new Set<string>();

  take(bytes: Uint8Array, nowMs: number, causal: Parameters<typeof receive>[2]["causal"] = LIMITS): string[] {
    const message = parse(bytes);
    if (message === undefined) throw new RangeError("not an SDS message");
    const options = { nowMs, isKnown: (id: string) => this.known.has(id), ...(causal && { causal }) };
    const { state, events } = receive(this.state, message, options);
    this.state = state;
    for (const event of events) if (event.kind === "content") this.known.add(event.messageId);
    return events.map(brief);
  }
}

function brief(event: SdsEvent): string {
  if (event.kind === "content" && event.waitsFor !== undefined) return `content, waits for ${event.waitsFor.length}`;
  return event.kind + ("isLate" in event ? ", late" : "");
}

describe("causal order", () => {
  test("what came early waits, and goes out after what it follows, in order", () => {
    const [one, two, three] = chain(3);
    const bob = new Reader();
    expect(bob.take(three?.bytes ?? new Uint8Array(), NOW_MS)).toEqual(["missing", "content, waits for 1"]);
    expect(bob.take(two?.bytes ?? new Uint8Array(), NOW_MS)).toEqual(["missing", "found", "content, waits for 1"]);
    expect(bob.take(one?.bytes ?? new Uint8Array(), NOW_MS)).toEqual(["found", "content", "released", "released"]);
    expect(bob.state.held).toEqual([]);
  });

  test("what is held is acknowledged, because it is stored", () => {
    const [, two] = chain(2);
    const bob = new Reader();
    bob.take(two?.bytes ?? new Uint8Array(), NOW_MS);
    expect(bob.state.toAcknowledge).toEqual([two?.messageId]);
    expect(bob.take(two?.bytes ?? new Uint8Array(), NOW_MS)).toEqual(["duplicate"]);
  });

  test("a gap holds up no longer than allowed, is looked for further, and what then comes is late", () => {
    const [one, two, three] = chain(3);
    const bob = new Reader();
    bob.take(two?.bytes ?? new Uint8Array(), NOW_MS);
    expect(nextWakeUpMs(bob.state, DAY_MS, LIMITS.holdMs)).toBe(NOW_MS + 4_000);
    expect(expireGaps(bob.state, NOW_MS + 3_999, DAY_MS, LIMITS.holdMs)).toMatchObject({ lost: [], released: [] });
    const { state, lost, released } = expireGaps(bob.state, NOW_MS + 4_000, DAY_MS, LIMITS.holdMs);
    expect({ lost, released }).toEqual({ lost: [], released: [{ kind: "released", messageId: two?.messageId }] });
    bob.state = state;
    expect(bob.state.missing).toHaveLength(1);
    expect(bob.take(three?.bytes ?? new Uint8Array(), NOW_MS + 5_000)).toEqual(["content"]);
    expect(bob.take(one?.bytes ?? new Uint8Array(), NOW_MS + HOUR_MS)).toEqual(["found", "content, late"]);
  });

  test("a gap that was known for longer holds nothing up, even before it was swept", () => {
    const [one, two, three] = chain(3);
    const bob = new Reader();
    bob.take(two?.bytes ?? new Uint8Array(), NOW_MS);
    expect(bob.take(three?.bytes ?? new Uint8Array(), NOW_MS + 4_000)).toEqual([
      "content, waits for 1",
      "released",
      "released",
    ]);
    expect(bob.take(one?.bytes ?? new Uint8Array(), NOW_MS + 4_000)).toEqual(["found", "content, late"]);
  });

  test("a clock that was set back holds nothing up for the hours that it repeats", () => {
    const [, two] = chain(2);
    const bob = new Reader();
    bob.take(two?.bytes ?? new Uint8Array(), NOW_MS);
    expect(expireGaps(bob.state, NOW_MS - 4_000, DAY_MS, LIMITS.holdMs).released).toEqual([]);
    const { lost, released } = expireGaps(bob.state, NOW_MS - HOUR_MS, DAY_MS, LIMITS.holdMs);
    expect([lost, released]).toEqual([[], [{ kind: "released", messageId: two?.messageId }]]);
  });

  test("at the deadline it is lost, what waited goes out, and if it comes after all it is late", () => {
    const [one, two] = chain(2);
    const bob = new Reader();
    bob.take(two?.bytes ?? new Uint8Array(), NOW_MS, { holdMs: 2 * DAY_MS });
    const { state, lost, released } = expireGaps(bob.state, NOW_MS + DAY_MS, DAY_MS, 2 * DAY_MS);
    expect(lost).toEqual([one?.messageId]);
    expect(released).toEqual([{ kind: "released", messageId: two?.messageId }]);
    bob.state = state;
    expect(bob.state.lost).toEqual(lost);
    expect(bob.take(one?.bytes ?? new Uint8Array(), NOW_MS + DAY_MS)).toEqual(["content, late"]);
    expect(bob.state.lost).toEqual([]);
  });

  test("what is lost is not missed again when it is named again, and holds nothing up", () => {
    const [one] = chain(1);
    const bob = new Reader();
    bob.state = { ...bob.state, lost: [one?.messageId ?? ""] };
    const { bytes } = send({ ...openChannel("I"), previousId: one?.messageId ?? "" }, utf8("next"), {
      nowMs: NOW_MS,
      random: NO_JITTER,
    });
    expect(bob.take(bytes, NOW_MS)).toEqual(["content"]);
    expect(bob.state.missing).toEqual([]);
  });

  test("without the option everything goes out as it comes, also what was held before", () => {
    const [one, two, three] = chain(3);
    const bob = new Reader();
    bob.take(two?.bytes ?? new Uint8Array(), NOW_MS);
    expect(bob.take(three?.bytes ?? new Uint8Array(), NOW_MS, { holdMs: 0 })).toEqual(["content", "released"]);
    expect(bob.take(one?.bytes ?? new Uint8Array(), NOW_MS, { holdMs: 0 })).toEqual(["found", "content, late"]);
  });
});

describe("bounds", () => {
  test("beyond the number of messages the earliest go ahead, in order, and only the gap is passed", () => {
    const messages = chain(5);
    const bob = new Reader();
    const causal = { holdMs: HOUR_MS, maxHeld: 2 };
    const events = messages.slice(1).map(({ bytes }) => bob.take(bytes, NOW_MS, causal));
    expect(events).toEqual([
      ["missing", "content, waits for 1"],
      ["content, waits for 1"],
      ["content, waits for 1", "released", "released", "released"],
      ["content"],
    ]);
    expect(bob.take(messages[0]?.bytes ?? new Uint8Array(), NOW_MS, causal)).toEqual(["found", "content, late"]);
  });

  test("beyond the number of bytes likewise; a message larger than all room is not held", () => {
    const [, two] = chain(2);
    const causal = { holdMs: HOUR_MS, maxHeldBytes: 5 };
    const bob = new Reader();
    expect(bob.take(two?.bytes ?? new Uint8Array(), NOW_MS, causal)).toEqual([
      "missing",
      "content, waits for 1",
      "released",
    ]);
    expect(bob.state.held).toEqual([]);
  });

  test.each([
    [{ holdMs: -1 }, "holdMs: want an integer ≥ 0"],
    [{ holdMs: 0.5 }, "holdMs: want an integer ≥ 0"],
    [{ holdMs: 1, maxHeld: 8_193 }, "maxHeld: want ≤ 8192"],
    [{ holdMs: 1, maxHeldBytes: Number.NaN }, "maxHeldBytes: want an integer ≥ 0"],
  ])("limits out of range are refused: %j", (causal, message) => {
    const [one] = chain(1);
    expect(() => new Reader().take(one?.bytes ?? new Uint8Array(), NOW_MS, causal)).toThrow(message);
  });
});

describe("a list of one's own", () => {
  const entry = (messageId: string, lamport: number, waitsFor: readonly string[], sinceMs = 0): Held => {
    return { messageId, lamport, waitsFor, sinceMs, sizeBytes: 1, isLate: false };
  };
  const ids = (messages: readonly Held[]) => messages.map(({ messageId }) => messageId);

  test("is released as what it waits for closes", () => {
    const first = hold([], entry("c", 3, ["b"]), LIMITS, () => true);
    const second = hold(first.held, entry("b", 2, ["a"]), LIMITS, () => true);
    expect(second.released).toEqual([]);
    expect(release(second.held, (id) => id === "a")).toEqual({ held: second.held, released: [] });
    expect(ids(release(second.held, () => false).released)).toEqual(["b", "c"]);
  });

  test("what is overdue takes along what arrived of what it follows", () => {
    const held = [entry("d", 4, ["c"], 0), entry("c", 3, ["a"], 900), entry("e", 5, ["z"], 900)];
    const { held: left, released } = releaseOverdue(held, 1_000, 1_000, () => true);
    expect([ids(released), ids(left)]).toEqual([["c", "d"], ["e"]]);
  });

  test("messages that follow each other in a circle do not wait for ever", () => {
    const circle = [entry("a", 1, ["b"]), entry("b", 2, ["c"]), entry("c", 3, ["a"])];
    expect(release(circle, () => false)).toEqual({ held: circle, released: [] });
    expect(ids(releaseOverdue(circle, 1_000, 1_000, () => true).released).sort()).toEqual(["a", "b", "c"]);
  });

  test("whatever waits for whatever, nothing is lost or comes twice, and all is out when all is overdue", () => {
    const name = fc.integer({ min: 0, max: 12 }).map(String);
    const messages = fc.uniqueArray(
      fc.record({ messageId: name, lamport: fc.nat(9), waitsFor: fc.array(name, { minLength: 1, maxLength: 4 }) }),
      { selector: ({ messageId }) => messageId, maxLength: 12 },
    );
    const limits = fc.record({ holdMs: fc.constant(1_000), maxHeld: fc.nat(6), maxHeldBytes: fc.nat(8) });
    const total = fc.property(messages, limits, fc.func(fc.boolean()), (all, bounds, isOpen) => {
      let held: readonly Held[] = [];
      const out: string[] = [];
      for (const { messageId, lamport, waitsFor } of all) {
        const next = hold(held, entry(messageId, lamport, waitsFor), bounds, isOpen);
        held = next.held;
        out.push(...ids(next.released));
        expect(held.length).toBeLessThanOrEqual(Math.min(bounds.maxHeld, bounds.maxHeldBytes));
      }
      const rest = releaseOverdue(held, 1_000, 1_000, isOpen);
      expect(rest.held).toEqual([]);
      expect([...out, ...ids(rest.released)].sort()).toEqual(all.map(({ messageId }) => messageId).sort());
    });
    fc.assert(total, { numRuns: 500 });
  });

  test("what came early can stay sealed: a dropped result and a list of one's own give the same order", () => {
    const arrivals = fc.shuffledSubarray([...chain(8).keys()], { minLength: 8, maxLength: 8 });
    const same = fc.property(arrivals, (order) => {
      const messages = chain(8);
      const storing = new Reader();
      const sealed = new SealedReader();
      for (const index of order) {
        storing.take(messages[index]?.bytes ?? new Uint8Array(), NOW_MS);
        sealed.take(messages[index]?.bytes ?? new Uint8Array(), NOW_MS);
      }
      expect(sealed.out).toEqual(messages.map(({ messageId }) => messageId));
      expect([...sealed.known].sort()).toEqual([...storing.known].sort());
      expect([sealed.held, sealed.state.held, sealed.state.missing]).toEqual([[], [], []]);
    });
    fc.assert(same, { numRuns: 100 });
  });
});

/** Keeps what came early as it came, forgets what `receive` made of it, and receives it again when it has its turn. */
class SealedReader {
  state = openChannel("R");
  held: readonly Held[] = [];
  readonly known = new Set<string>();
  readonly out: string[] = [];
  readonly #sealed = new Map<string, Uint8Array>();

  take(bytes: Uint8Array, nowMs: number): void {
    const message = parse(bytes);
    if (message === undefined) throw new RangeError("not an SDS message");
    const result = receive(this.state, message, { nowMs, isKnown: (id) => this.known.has(id), causal: LIMITS });
    const content = result.events.find((event) => event.kind === "content");
    if (content?.waitsFor !== undefined) {
      const { messageId, lamport, waitsFor } = content;
      this.#sealed.set(messageId, bytes);
      const held = { messageId, lamport, waitsFor, sizeBytes: bytes.length, sinceMs: nowMs, isLate: false };
      this.#retry(
        hold(this.held, held, LIMITS, (id) => !this.known.has(id)),
        nowMs,
      );
      return;
    }
    this.state = result.state;
    if (content !== undefined) {
      this.known.add(content.messageId);
      this.out.push(content.messageId);
    }
    this.#retry(
      release(this.held, (id) => !this.known.has(id)),
      nowMs,
    );
  }

  #retry({ held, released }: ReturnType<typeof release>, nowMs: number): void {
    this.held = held;
    for (const { messageId } of released) this.take(this.#sealed.get(messageId) ?? new Uint8Array(), nowMs);
  }
}
