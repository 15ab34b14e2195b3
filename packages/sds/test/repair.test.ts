import { describe, expect, test } from "@jest/globals";
import {
  acknowledge,
  type ChannelState,
  nextWakeUpMs,
  openChannel,
  type Participant,
  parse,
  type RepairOptions,
  receive,
  repairDue,
  repaired,
  requestsDue,
  type Side,
  send,
} from "../src/index.ts";
import { utf8 } from "./bytes.ts";
import { NO_JITTER } from "./seeded.ts";

const NOW_MS = 1_795_000_000_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Somebody who repairs, and has a log. */
class Repairer {
  state: ChannelState;
  readonly log = new Map<string, string>();
  readonly repair: RepairOptions;

  constructor(who: Side | Participant, repair: RepairOptions = {}) {
    this.state = openChannel(who);
    this.repair = repair;
  }

  send(text: string, nowMs = NOW_MS): { readonly messageId: string; readonly bytes: Uint8Array } {
    const about = (id: string) => ({ sender: this.log.get(id) ?? "" });
    const sent = send(this.state, utf8(text), { nowMs, random: NO_JITTER, repair: this.repair, about });
    this.state = sent.state;
    this.log.set(sent.messageId, this.state.participantId);
    return sent;
  }

  sync(nowMs: number): Uint8Array | undefined {
    const result = acknowledge(this.state, { nowMs, repair: this.repair });
    if (result !== undefined) this.state = result.state;
    return result?.bytes;
  }

  receive(bytes: Uint8Array | undefined, nowMs = NOW_MS): string[] {
    const message = read(bytes);
    const { state, events } = receive(this.state, message, {
      nowMs,
      isKnown: (id) => this.log.has(id),
      repair: this.repair,
    });
    this.state = state;
    for (const event of events) if (event.kind === "content") this.log.set(event.messageId, event.sender);
    return events.map(({ kind }) => kind);
  }

  answer(nowMs: number): string | undefined {
    const id = repairDue(this.state, nowMs);
    const plan = { nowMs, random: NO_JITTER, repair: this.repair };
    if (id !== undefined) this.state = repaired(this.state, id, plan);
    return id;
  }

  get requestDueMs(): number {
    return this.state.missing[0]?.request?.dueMs ?? Number.NaN;
  }
}

function read(bytes: Uint8Array | undefined) {
  const message = parse(bytes ?? new Uint8Array()) ?? parse(bytes ?? new Uint8Array(), { form: "full" });
  if (message === undefined) throw new RangeError("not an SDS message");
  return message;
}

function requestsIn(bytes: Uint8Array | undefined): readonly string[] | undefined {
  return read(bytes).repairRequest;
}

function two(repair: RepairOptions = {}) {
  return { alice: new Repairer("I", repair), bob: new Repairer("R", repair) };
}

function person(participantId: string, repair: RepairOptions = {}) {
  return new Repairer({ channelId: "group", participantId }, repair);
}

describe("asking", () => {
  test("waits from 30 to 120 s, rides on what is sent, and asks again ever more rarely until it is found", () => {
    const { alice, bob } = two();
    const lost = alice.send("1");
    bob.receive(alice.send("2").bytes);
    const firstMs = bob.requestDueMs;
    expect(firstMs).toBeGreaterThanOrEqual(NOW_MS + 30_000);
    expect(firstMs).toBeLessThanOrEqual(NOW_MS + 120_000);
    expect(nextWakeUpMs(bob.state, DAY_MS)).toBe(firstMs);
    expect(requestsIn(bob.sync(NOW_MS))).toBeUndefined();
    expect(requestsDue(bob.state, firstMs - 1)).toBe(false);
    expect(bob.sync(firstMs - 1)).toBeUndefined();
    expect(requestsDue(bob.state, firstMs)).toBe(true);
    expect(requestsIn(bob.sync(firstMs))).toEqual([lost.messageId]);
    expect(bob.requestDueMs - firstMs).toBe(2 * (firstMs - NOW_MS));
    expect(requestsIn(bob.send("content asks as well", bob.requestDueMs).bytes)).toEqual([lost.messageId]);
    for (let count = 0; count < 300; count += 1) bob.sync(bob.requestDueMs);
    const before = bob.requestDueMs;
    bob.sync(before);
    expect(bob.requestDueMs - before).toBe(HOUR_MS);
    bob.receive(lost.bytes);
    expect(bob.state.missing).toEqual([]);
    expect(requestsIn(bob.sync(before + DAY_MS))).toBeUndefined();
  });

  test("a clock that was set back by hours keeps nobody from asking and answering", () => {
    const { alice, bob } = two();
    const lost = alice.send("1");
    bob.receive(alice.send("2").bytes);
    const nowMs = NOW_MS - 3 * HOUR_MS;
    expect(requestsDue(bob.state, nowMs)).toBe(true);
    const request = bob.sync(nowMs);
    expect(bob.requestDueMs).toBeLessThan(nowMs + HOUR_MS);
    alice.state = { ...alice.state, nextAnswerMs: NOW_MS };
    alice.receive(request, nowMs);
    expect(repairDue(alice.state, nowMs)).toBe(lost.messageId);
  });

  test("at most 3 at once, the earliest first", () => {
    const { alice, bob } = two();
    const ids = ["1", "2", "3", "4", "5"].map((text) => alice.send(text).messageId);
    const sync = acknowledge({ ...alice.state, toAcknowledge: ids }, { nowMs: NOW_MS });
    bob.receive(sync?.bytes);
    const due = [...bob.state.missing]
      .sort((a, b) => (a.request?.dueMs ?? 0) - (b.request?.dueMs ?? 0))
      .map(({ messageId }) => messageId);
    expect(requestsIn(bob.sync(NOW_MS + 120_000))).toEqual(due.slice(0, 3));
    expect(requestsIn(bob.sync(NOW_MS + 120_000))).toEqual(due.slice(3));
  });

  test("what is sent beside asks for nothing", () => {
    const { alice, bob } = two();
    alice.send("1");
    bob.receive(alice.send("2").bytes);
    const options = { nowMs: NOW_MS + HOUR_MS, random: NO_JITTER, repair: {}, beside: { after: undefined } };
    expect(requestsIn(send(bob.state, utf8("beside"), options).bytes)).toBeUndefined();
  });

  test("without the option nothing is asked for, and nothing answered", () => {
    const { alice, bob } = two();
    alice.send("1");
    const message = read(alice.send("2").bytes);
    const isKnown = () => false;
    const { state } = receive(bob.state, message, { nowMs: NOW_MS, isKnown });
    expect(state.missing).toMatchObject([{ sinceMs: NOW_MS }]);
    expect(requestsDue(state, NOW_MS + DAY_MS)).toBe(false);
    const asking = { ...read(bob.send("x").bytes), repairRequest: [...alice.log.keys()] };
    const after = receive(alice.state, asking, { nowMs: NOW_MS, isKnown: () => true }).state;
    expect(after.requested).toEqual([]);
  });
});

describe("answering in a channel of two", () => {
  /** Bob misses one message and asks for it. */
  function asked() {
    const { alice, bob } = two();
    const lost = alice.send("1");
    bob.receive(alice.send("2").bytes);
    const nowMs = bob.requestDueMs;
    const request = bob.sync(nowMs);
    return { alice, bob, lost, request, nowMs };
  }

  test("the sender answers at once with the same bytes, and then its retransmission waits", () => {
    const { alice, lost, request, nowMs } = asked();
    alice.receive(request, nowMs);
    expect(nextWakeUpMs(alice.state, DAY_MS)).toBe(NOW_MS + 30_000);
    expect(alice.answer(nowMs)).toBe(lost.messageId);
    expect(alice.state.outstanding).toMatchObject([{ messageId: lost.messageId, attempts: 1, dueMs: nowMs + 60_000 }]);
  });

  test("what was acknowledged before is answered all the same: the other side may have lost its database", () => {
    const { alice, bob } = two();
    const { messageId, bytes } = alice.send("1");
    bob.receive(bytes);
    alice.receive(bob.sync(NOW_MS));
    const restored = new Repairer("R");
    restored.receive(alice.send("2").bytes);
    alice.receive(restored.sync(restored.requestDueMs), NOW_MS + HOUR_MS);
    expect(alice.answer(NOW_MS + HOUR_MS)).toBe(messageId);
  });

  test("asked again and again, it answers once in 30 s", () => {
    const { alice, lost, request, nowMs } = asked();
    const answers: (string | undefined)[] = [];
    for (let second = 0; second <= 60; second += 1) {
      alice.receive(request, nowMs + second * 1_000);
      answers.push(alice.answer(nowMs + second * 1_000));
    }
    expect(answers.filter((id) => id !== undefined)).toEqual([lost.messageId, lost.messageId, lost.messageId]);
  });

  test("asked for a thousand messages, it answers one in a second and remembers 256", () => {
    const { alice, bob } = two();
    const ids = Array.from({ length: 1_000 }, (_, index) => alice.send(`message ${index}`).messageId);
    for (let from = 0; from < 1_000; from += 16) {
      const head = { ...read(bob.sync(NOW_MS) ?? bob.send("x").bytes), content: undefined };
      const { content: _, ...sync } = head;
      const asking = { ...sync, repairRequest: ids.slice(from, from + 16) };
      const options = { nowMs: NOW_MS, isKnown: (id: string) => alice.log.has(id), repair: {} };
      alice.state = receive(alice.state, asking, options).state;
    }
    expect(alice.state.requested).toHaveLength(256);
    let answers = 0;
    for (let ms = 0; ms < 60_000; ms += 100) if (alice.answer(NOW_MS + ms) !== undefined) answers += 1;
    expect(answers).toBe(60);
  });

  test("more than 16 ids in one message are not looked at, nor ids that nobody here knows", () => {
    const { alice, bob } = two();
    const ids = Array.from({ length: 20 }, (_, index) => alice.send(`message ${index}`).messageId);
    const { content: _, ...sync } = read(bob.send("x").bytes);
    const options = { nowMs: NOW_MS, isKnown: (id: string) => alice.log.has(id), repair: {} };
    const many = receive(alice.state, { ...sync, repairRequest: ids }, options).state;
    expect(many.requested.map(({ messageId }) => messageId)).toEqual(ids.slice(0, 16));
    const strange = receive(alice.state, { ...sync, repairRequest: ["f".repeat(32)] }, options).state;
    expect(strange.requested).toEqual([]);
  });

  test("an answer that cannot be given is noted, and the next has its turn", () => {
    const { alice, request, nowMs } = asked();
    alice.receive(request, nowMs);
    const id = repairDue(alice.state, nowMs) ?? "";
    alice.state = repaired(alice.state, id, { nowMs, random: NO_JITTER });
    expect(repairDue(alice.state, nowMs + 1_000)).toBeUndefined();
  });
});

describe("among many", () => {
  /** Alice's first message reached Bob but not Carol and Dave. */
  function group() {
    const [alice, bob, carol, dave] = ["alice", "bob", "carol", "dave"].map((name) => person(name));
    if (!alice || !bob || !carol || !dave) throw new RangeError("nobody there");
    const lost = alice.send("1");
    const next = alice.send("2");
    bob.receive(lost.bytes);
    for (const each of [bob, carol, dave]) each.receive(next.bytes);
    return { alice, bob, carol, dave, lost };
  }

  test("who asks differs in time, and who sees a request holds back once", () => {
    const { carol, dave, lost } = group();
    expect(carol.requestDueMs).not.toBe(dave.requestDueMs);
    const nowMs = Math.min(carol.requestDueMs, dave.requestDueMs);
    const [first, second] = carol.requestDueMs < dave.requestDueMs ? [carol, dave] : [dave, carol];
    const request = first.sync(nowMs);
    expect(requestsIn(request)).toEqual([lost.messageId]);
    second.receive(request, nowMs);
    const laterMs = second.requestDueMs;
    expect(laterMs).toBeGreaterThan(nowMs + 30_000);
    // The same request over and over does not keep it from asking.
    for (let ms = 0; ms < 20_000; ms += 1_000) second.receive(request, nowMs + ms);
    expect(second.requestDueMs).toBe(laterMs);
  });

  test("the sender answers at once, others later, and not at all when they see the answer", () => {
    const { alice, bob, carol, lost } = group();
    const nowMs = carol.requestDueMs;
    const request = carol.sync(nowMs);
    for (const each of [alice, bob]) each.receive(request, nowMs);
    expect(repairDue(alice.state, nowMs)).toBe(lost.messageId);
    expect(repairDue(bob.state, nowMs)).toBeUndefined();
    expect(repairDue(bob.state, nowMs + 120_000)).toBe(lost.messageId);
    const owed = bob.state.toAcknowledge;
    bob.receive(lost.bytes, nowMs + 1);
    expect(repairDue(bob.state, nowMs + 120_000)).toBeUndefined();
    expect(bob.state.toAcknowledge).toEqual(owed); // an answer to Carol asks nothing of Bob
  });

  test("when the sender is gone, somebody else answers with what the sender sent", () => {
    const { bob, carol, lost } = group();
    const nowMs = carol.requestDueMs;
    bob.receive(carol.sync(nowMs), nowMs);
    expect(bob.answer(nowMs + 120_000)).toBe(lost.messageId);
    expect(carol.receive(lost.bytes, nowMs + 120_000)).toEqual(["found", "content"]);
    expect(carol.log.get(lost.messageId)).toBe("alice");
  });

  test("with many response groups few answer for others, and the sender always", () => {
    const repair = { responseGroups: 10 };
    const alice = person("alice", repair);
    const carol = person("carol", repair);
    const lost = alice.send("1");
    carol.receive(alice.send("2").bytes);
    const request = carol.sync(carol.requestDueMs);
    const others = Array.from({ length: 200 }, (_, index) => person(`other ${index}`, repair));
    for (const other of others) other.receive(lost.bytes);
    for (const each of [alice, ...others]) each.receive(request, NOW_MS);
    expect(alice.state.requested).toHaveLength(1);
    const count = others.filter(({ state }) => state.requested.length > 0).length;
    expect(count).toBeGreaterThan(5);
    expect(count).toBeLessThan(50);
  });
});

test.each([
  [{ minMs: -1 }, "minMs: want an integer from 0 to 3600000"],
  [{ maxMs: 10 }, "maxMs: want an integer from 30000 to 3600000"],
  [{ maxRequests: 17 }, "maxRequests: want an integer from 1 to 16"],
  [{ answerEveryMs: 0.5 }, "answerEveryMs: want an integer"],
  [{ responseGroups: 0 }, "responseGroups: want an integer from 1"],
])("options out of range are refused: %j", (repair, message) => {
  const { bytes } = two().alice.send("1");
  expect(() => new Repairer("R", repair).receive(bytes)).toThrow(message);
});
