/** Somebody who knows the format, the names and everything that was sent, and wishes nobody well. */
import { expect, test } from "@jest/globals";
import { proto_sds_message } from "@waku/proto";
import fc from "fast-check";
import {
  acknowledge,
  type ChannelState,
  decodeState,
  encodeState,
  expireGaps,
  idsIn,
  nextWakeUpMs,
  openChannel,
  parse,
  receive,
  repairDue,
  repaired,
  requestsDue,
  retransmissionsDue,
  send,
} from "../src/index.ts";
import { messageIdOf } from "../src/message-id.ts";
import { utf8 } from "./bytes.ts";
import { NO_JITTER } from "./seeded.ts";

const NOW_MS = 1_795_000_000_000;
const DEADLINE_MS = 60_000;
const FILTER = { capacity: 50, errorRate: 0.1 };
const CAUSAL = { holdMs: 4_000, maxHeld: 20, maxHeldBytes: 200 };
const FORMS = [
  { form: "compact", us: "I", channelId: undefined, them: "R" },
  { form: "full", us: { channelId: "ch", participantId: "us" }, channelId: "ch", them: "them" },
] as const;

/** We, with three messages sent of which two are open, and one received. */
function victim({ us, form, channelId, them }: (typeof FORMS)[number]) {
  const log = new Set<string>();
  let state = openChannel(us);
  const ids = ["1", "2", "3"].map((text) => {
    const sent = send(state, utf8(text), { nowMs: NOW_MS, random: NO_JITTER });
    state = sent.state;
    log.add(sent.messageId);
    return sent.messageId;
  });
  const open = ids.slice(1);
  state = { ...state, outstanding: state.outstanding.slice(1) };
  const content = utf8("received");
  const known = messageIdOf({ channelId, sender: them, lamport: NOW_MS, content });
  log.add(known);
  return { state: { ...state, toAcknowledge: [known] }, log, open, own: ids, known, form };
}

/** Contents that may come, and be named before they come. */
const COMING = Array.from({ length: 8 }, (_, index) => ({ lamport: NOW_MS + index, content: utf8(`coming ${index}`) }));

/** Every id that there is or will be, and a few that there are not. */
function idsFor({ own, known }: ReturnType<typeof victim>, { channelId, them }: (typeof FORMS)[number]) {
  const strange = fc.nat(20).map((number) => number.toString(16).padStart(32, "0"));
  const coming = COMING.map((each) => messageIdOf({ channelId, sender: them, ...each }));
  return fc.oneof(fc.constantFrom(...own, known), fc.constantFrom(...coming), strange);
}

function messagesFor({ form, channelId, them }: (typeof FORMS)[number], id: fc.Arbitrary<string>) {
  const senders = form === "full" ? ["us", "other", ""] : ["I", "X"];
  const often = <Value>(value: fc.Arbitrary<Value>, ...others: fc.Arbitrary<Value>[]) =>
    fc.oneof({ weight: 8, arbitrary: value }, ...others.map((arbitrary) => ({ weight: 1, arbitrary })));
  const sender = often(fc.constant<string>(them), fc.constantFrom(...senders));
  const entries = fc.array(fc.record({ messageId: id, senderId: sender }), { maxLength: 5 });
  const content = often(
    fc.constantFrom(...COMING),
    fc.constant({ lamport: NOW_MS, content: utf8("received") }),
    fc.record({ lamport: fc.maxSafeNat(), content: fc.uint8Array({ minLength: 1, maxLength: 60 }) }),
    fc.record({
      lamport: fc.integer({ min: NOW_MS, max: NOW_MS + 7_200_000 }),
      content: fc.constant(new Uint8Array()),
    }),
  );
  const time = often<bigint | "as it is" | "none">(
    fc.constant("as it is"),
    fc.constant("none"),
    fc.bigInt({ min: 2n ** 52n, max: 2n ** 64n - 1n }),
  );
  const fields = fc.record({
    senderId: sender,
    channelId: often(fc.constant<string>(channelId ?? ""), fc.constantFrom("another", "")),
    causalHistory: entries,
    repairRequest: entries,
    bloomFilter: fc.option(fc.oneof(fc.uint8Array(), fc.constant(new Uint8Array(40).fill(0xff))), { nil: undefined }),
    strangeName: fc.option(id, { nil: undefined, freq: 9 }),
    content,
    time,
  });
  return fields.map(({ strangeName, content: { lamport, content: bytes }, time: said, bloomFilter, ...rest }) => {
    const named = { channelId: channelId && rest.channelId, sender: rest.senderId, lamport, content: bytes };
    const lamportTimestamp = typeof said === "bigint" ? said : BigInt(lamport);
    return proto_sds_message.SdsMessage.encode({
      ...rest,
      messageId: strangeName ?? messageIdOf(named),
      ...(said !== "none" && { lamportTimestamp }),
      ...(bloomFilter && { bloomFilter }),
      ...(bytes.length > 0 && { content: bytes }),
    });
  });
}

function checkBounds(state: ChannelState): void {
  expect(state.missing.length).toBeLessThanOrEqual(1_024);
  expect(state.requested.length).toBeLessThanOrEqual(256);
  expect(state.held.length).toBeLessThanOrEqual(CAUSAL.maxHeld);
  expect(state.held.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)).toBeLessThanOrEqual(CAUSAL.maxHeldBytes);
  expect(state.lamport).toBeLessThanOrEqual(NOW_MS + 3_600_000 + 25 * 60_000);
  for (const ids of [state.toAcknowledge, state.heads, state.lost, state.missing.map(({ messageId }) => messageId)]) {
    expect(new Set(ids).size).toBe(ids.length);
  }
  expect(decodeState(encodeState(state))).toEqual(state);
}

/** Takes what comes, and checks after each step what must hold. */
class Target {
  state: ChannelState;
  nowMs = NOW_MS;
  readonly seen: Set<string>;
  readonly out: string[] = [];
  readonly #we: ReturnType<typeof victim>;

  constructor(we: ReturnType<typeof victim>) {
    this.#we = we;
    this.state = we.state;
    this.seen = new Set(we.log);
  }

  take(bytes: Uint8Array): void {
    const message = parse(bytes, { form: this.#we.form });
    if (message === undefined) return;
    const before = this.state;
    const mayAsk = new Set(idsIn(before, message));
    const isKnown = (id: string) => {
      if (!mayAsk.has(id)) throw new RangeError("asked for an id that idsIn did not name");
      return this.seen.has(id);
    };
    const options = { nowMs: this.nowMs, isKnown, causal: CAUSAL, repair: {}, bloomFilter: FILTER };
    const { state, events } = receive(before, message, options);
    this.state = state;
    for (const event of events) {
      if (event.kind === "discarded") expect(state).toBe(before);
      if (event.kind === "acknowledged") expect(this.#we.open).toContain(event.messageId);
      if (event.kind === "content") {
        expect(this.seen).not.toContain(event.messageId);
        this.seen.add(event.messageId);
      }
      const isOut = event.kind === "released" || (event.kind === "content" && event.waitsFor === undefined);
      if (isOut) this.out.push(event.messageId);
    }
    // What is not named in a history stays open.
    for (const { messageId } of before.outstanding) {
      const isSettled = !state.outstanding.some((each) => each.messageId === messageId);
      expect(isSettled && !message.history.includes(messageId)).toBe(false);
    }
  }

  /** What timers do. */
  wakeUp(): void {
    const id = repairDue(this.state, this.nowMs);
    if (id !== undefined) {
      expect(this.seen).toContain(id);
      this.state = repaired(this.state, id, { nowMs: this.nowMs, random: NO_JITTER });
    }
    const { state, released } = expireGaps(this.state, this.nowMs, DEADLINE_MS, CAUSAL.holdMs);
    this.state = state;
    this.out.push(...released.map(({ messageId }) => messageId));
    // What was done is not due; retransmissions and requests wait for somebody to do them.
    const isLeftOver = retransmissionsDue(state, this.nowMs).length > 0 || requestsDue(state, this.nowMs);
    const dueMs = nextWakeUpMs(state, DEADLINE_MS, CAUSAL.holdMs) ?? Number.POSITIVE_INFINITY;
    expect(isLeftOver || dueMs > this.nowMs).toBe(true);
  }
}

const SURVIVAL = "$form form: whatever comes, nothing throws, contents come once, and the state stays in bounds";
test.each(FORMS)(
  SURVIVAL,
  (who) => {
    const we = victim(who);
    const step = fc.record({
      bytes: messagesFor(who, idsFor(we, who)),
      pauseMs: fc.oneof(fc.nat(3_000), fc.nat(60_000)),
    });
    const survives = fc.property(fc.array(step, { minLength: 1, maxLength: 25 }), (steps) => {
      const target = new Target(we);
      for (const { bytes, pauseMs } of steps) {
        target.nowMs += pauseMs;
        target.take(bytes);
        target.wakeUp();
        checkBounds(target.state);
      }
      target.nowMs += CAUSAL.holdMs;
      target.wakeUp();
      expect(target.state.held).toEqual([]);
      expect([...target.out].sort()).toEqual([...target.seen].filter((id) => !we.log.has(id)).sort());
    });
    fc.assert(survives, { numRuns: 150 });
  },
  30_000,
);

test.each(FORMS)("$form form: hostile bytes are read as a message or not at all", (who) => {
  const { state, log, form } = victim(who);
  const valid = acknowledge(state, { nowMs: NOW_MS, isPeriodic: true })?.bytes ?? new Uint8Array();
  const edits = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 });
  const mutated = edits.map((changes) => {
    const bytes = valid.slice();
    for (const [at, value] of changes) bytes[at] = value;
    return bytes;
  });
  const reads = fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 300 })), (bytes) => {
    const message = parse(bytes, { form });
    if (message === undefined) return;
    const { lamport = 0 } = message;
    expect(Number.isSafeInteger(lamport)).toBe(true);
    const result = receive(state, message, { nowMs: NOW_MS, isKnown: (id) => log.has(id), causal: CAUSAL, repair: {} });
    checkBounds(result.state);
  });
  fc.assert(reads, { numRuns: 1_000 });
});

test("a thousand hostile messages that name a thousand ids each leave a state of less than 100 kB", () => {
  let state: ChannelState = openChannel("I");
  for (let round = 0; round < 1_000; round += 1) {
    const entry = (index: number) => ({ messageId: (round * 1_024 + index).toString(16).padStart(32, "0") });
    const bytes = proto_sds_message.SdsMessage.encode({
      senderId: "R",
      messageId: "",
      channelId: "",
      lamportTimestamp: BigInt(NOW_MS + round),
      causalHistory: Array.from({ length: 20 }, (_, index) => entry(index)),
      repairRequest: [],
      content: utf8(`content ${round}`),
    });
    const message = parse(bytes);
    if (message === undefined) throw new RangeError("not an SDS message");
    state = receive(state, message, { nowMs: NOW_MS, isKnown: () => false, causal: CAUSAL, repair: {} }).state;
  }
  expect(state.missing).toHaveLength(1_024);
  expect(encodeState(state).length).toBeLessThan(100_000);
});
