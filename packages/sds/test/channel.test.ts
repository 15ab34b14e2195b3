import { describe, expect, test } from "@jest/globals";
import { openChannel, owesAcknowledgement, parse, receive, retransmitted, SdsError, send } from "../src/index.ts";
import { entry, field, utf8, varintField } from "./bytes.ts";
import { Peer, parsed } from "./peer.ts";
import { NO_JITTER } from "./seeded.ts";

const NOW_MS = 1_795_000_000_000;
const HOUR_MS = 3_600_000;

function twoPeers(): { alice: Peer; bob: Peer } {
  return { alice: new Peer("I"), bob: new Peer("R") };
}

/** Any id that nobody has sent. */
function strangeId(number: number): string {
  return number.toString(16).padStart(32, "0");
}

function syncOf(side: "I" | "R", ids: readonly string[], lamport = NOW_MS): Uint8Array {
  return Uint8Array.from([...field(1, side), ...varintField(10, lamport), ...ids.flatMap((id) => entry(11, id))]);
}

describe("acknowledgement", () => {
  test("a message is acknowledged by the next thing that the other side says", () => {
    const { alice, bob } = twoPeers();
    const { messageId, bytes } = alice.send("hello", NOW_MS);
    const content = { kind: "content", messageId, sender: "I", lamport: NOW_MS, content: utf8("hello") };
    expect(bob.receive(bytes, NOW_MS)).toEqual([content]);
    expect(owesAcknowledgement(bob.state)).toBe(true);
    const reply = bob.send("hi", NOW_MS);
    expect(owesAcknowledgement(bob.state)).toBe(false);
    expect(alice.receive(reply.bytes, NOW_MS).map(({ kind }) => kind)).toEqual(["acknowledged", "content"]);
    expect(alice.state.outstanding).toEqual([]);
  });

  test("a sync message acknowledges, and is itself neither logged nor acknowledged nor retransmitted", () => {
    const { alice, bob } = twoPeers();
    const { messageId, bytes } = alice.send("hello", NOW_MS);
    bob.receive(bytes, NOW_MS);
    const sync = bob.acknowledge(NOW_MS);
    expect(parse(sync)).toEqual({ sender: "R", lamport: NOW_MS + 1, history: [messageId] });
    expect(bob.state).toMatchObject({ previousId: undefined, outstanding: [], toAcknowledge: [] });
    expect(alice.receive(sync, NOW_MS)).toEqual([{ kind: "acknowledged", messageId, by: "R" }]);
    expect(owesAcknowledgement(alice.state)).toBe(false);
    expect(alice.receive(sync, NOW_MS)).toEqual([]);
  });

  test("history is our previous message, then received ids, oldest first, as many as fit", () => {
    const { alice, bob } = twoPeers();
    const sent = ["1", "2", "3", "4"].map((text) => alice.send(text, NOW_MS));
    for (const { bytes } of sent) bob.receive(bytes, NOW_MS);
    const [one, two, three, four] = sent.map(({ messageId }) => messageId);
    const first = bob.send("a", NOW_MS, 1);
    expect(parsed(first.bytes).history).toEqual([one]);
    const second = bob.send("b", NOW_MS, 3);
    expect(parsed(second.bytes).history).toEqual([first.messageId, two, three]);
    const third = bob.send("c", NOW_MS, 1);
    expect(parsed(third.bytes).history).toEqual([second.messageId]);
    expect(parsed(bob.acknowledge(NOW_MS)).history).toEqual([third.messageId, four]);
  });

  test("what is sent beside names what it is told to, acknowledges nothing, and is named by nobody else", () => {
    const { alice, bob } = twoPeers();
    const text = alice.send("text", NOW_MS);
    const { messageId, bytes } = bob.send("received", NOW_MS);
    alice.receive(bytes, NOW_MS);
    const options = { nowMs: NOW_MS, random: NO_JITTER };
    const before = alice.state;
    const one = send(before, Uint8Array.of(1), { ...options, beside: { after: before.previousId } });
    const two = send(one.state, Uint8Array.of(2), { ...options, beside: { after: one.messageId } });
    expect([one, two].map((each) => parsed(each.bytes).history)).toEqual([[text.messageId], [one.messageId]]);
    expect(two.state.outstanding.map((each) => each.messageId)).toEqual([text, one, two].map((each) => each.messageId));
    const next = send(two.state, Uint8Array.of(3), options);
    expect(parsed(next.bytes).history).toEqual([text.messageId, messageId]);
    const alone = send(openChannel("I"), Uint8Array.of(1), { ...options, beside: { after: undefined } });
    expect(parsed(alone.bytes).history).toEqual([]);
  });

  test("an acknowledgement names our previous message only until it is acknowledged itself", () => {
    const { alice, bob } = twoPeers();
    bob.send("before", NOW_MS);
    const one = alice.send("1", NOW_MS);
    bob.receive(one.bytes, NOW_MS);
    expect(parsed(bob.acknowledge(NOW_MS, 1)).history).toEqual([one.messageId]);
    bob.receive(syncOf("I", [...bob.sent.keys()]), NOW_MS);
    bob.receive(one.bytes, NOW_MS);
    expect(parsed(bob.acknowledge(NOW_MS, 5)).history).toEqual([one.messageId]);
  });

  test("a duplicate changes nothing but is acknowledged again", () => {
    const { alice, bob } = twoPeers();
    const { messageId, bytes } = alice.send("hello", NOW_MS);
    bob.receive(bytes, NOW_MS);
    bob.acknowledge(NOW_MS);
    expect(bob.receive(bytes, NOW_MS)).toEqual([{ kind: "duplicate", messageId }]);
    expect(bob.receive(bytes, NOW_MS)).toEqual([{ kind: "duplicate", messageId }]);
    expect(bob.state.toAcknowledge).toEqual([messageId]);
    expect(parsed(bob.acknowledge(NOW_MS)).history).toEqual([messageId]);
  });

  test("with nothing to acknowledge there is no sync message", () => {
    expect(() => new Peer("I").acknowledge(NOW_MS)).toThrow("nothing to acknowledge");
  });

  test("a forged acknowledgement of what we never sent acknowledges nothing", () => {
    const { alice } = twoPeers();
    alice.send("hello", NOW_MS);
    const { outstanding } = alice.state;
    const events = alice.receive(syncOf("R", [strangeId(1)]), NOW_MS);
    expect(events.map(({ kind }) => kind)).toEqual(["missing"]);
    expect(alice.state.outstanding).toEqual(outstanding);
  });
});

describe("gaps", () => {
  test("a lost message is missing as soon as the next one names it, and found when it comes", () => {
    const { alice, bob } = twoPeers();
    const lost = alice.send("1", NOW_MS);
    const next = alice.send("2", NOW_MS);
    expect(bob.receive(next.bytes, NOW_MS + 5)).toMatchObject([
      { kind: "missing", messageId: lost.messageId, sinceMs: NOW_MS + 5 },
      { kind: "content", messageId: next.messageId },
    ]);
    expect(bob.state.missing).toEqual([{ messageId: lost.messageId, sinceMs: NOW_MS + 5, isOvertaken: true }]);
    expect(bob.receive(lost.bytes, NOW_MS + 9)).toMatchObject([
      { kind: "found", messageId: lost.messageId },
      { kind: "content", messageId: lost.messageId, content: utf8("1") },
    ]);
    expect(bob.state.missing).toEqual([]);
  });

  test("the last message of a burst is missed through an acknowledgement", () => {
    const { alice, bob } = twoPeers();
    const { messageId } = bob.send("lost", NOW_MS);
    bob.receive(alice.send("hello", NOW_MS).bytes, NOW_MS);
    expect(alice.receive(bob.acknowledge(NOW_MS), NOW_MS).map(({ kind }) => kind)).toEqual(["acknowledged", "missing"]);
    expect(alice.state.missing).toEqual([{ messageId, sinceMs: NOW_MS }]);
  });

  test("a gap is reported once, however often it is named", () => {
    const { alice } = twoPeers();
    expect(alice.receive(syncOf("R", [strangeId(1)]), NOW_MS)).toHaveLength(1);
    expect(alice.receive(syncOf("R", [strangeId(1)]), NOW_MS + 1)).toEqual([]);
  });

  test("a message that names itself is not missing", () => {
    const { messageId } = send(openChannel("R"), utf8("me"), { nowMs: NOW_MS, random: NO_JITTER });
    const bytes = Uint8Array.from([...syncOf("R", [messageId]), ...field(20, "me")]);
    expect(new Peer("I").receive(bytes, NOW_MS)).toMatchObject([{ kind: "content", messageId }]);
  });
});

describe("Lamport time", () => {
  test("is the clock, but grows with every message even if the clock stands still or goes back", () => {
    const { alice } = twoPeers();
    const lamports = [NOW_MS, NOW_MS, NOW_MS - HOUR_MS].map((nowMs) => parsed(alice.send("x", nowMs).bytes).lamport);
    expect(lamports).toEqual([NOW_MS, NOW_MS + 1, NOW_MS + 2]);
  });

  test("follows the other side, so that a reply sorts after what it answers", () => {
    const { alice, bob } = twoPeers();
    bob.receive(alice.send("ahead", NOW_MS + HOUR_MS).bytes, NOW_MS);
    expect(parsed(bob.send("reply", NOW_MS).bytes).lamport).toBe(NOW_MS + HOUR_MS + 1);
  });

  test("is not adopted when it is more than an hour ahead; the message counts all the same", () => {
    const { alice, bob } = twoPeers();
    const lamport = NOW_MS + HOUR_MS + 1;
    expect(bob.receive(alice.send("far ahead", lamport).bytes, NOW_MS)).toMatchObject([{ kind: "content", lamport }]);
    expect(parsed(bob.send("reply", NOW_MS).bytes).lamport).toBe(NOW_MS);
  });
});

describe("bounds", () => {
  test("a message in our own name is discarded and changes nothing", () => {
    const { alice } = twoPeers();
    const before = alice.state;
    const echo = alice.send("hello", NOW_MS).bytes;
    const state = { ...before, lamport: 7 };
    const result = receive(state, parsed(echo), { nowMs: NOW_MS, isKnown: () => false });
    expect(result.events).toEqual([{ kind: "discarded", reason: "wrong-sender" }]);
    expect(result.state).toBe(state);
  });

  test("endless unknown ids fill 1,024 gaps and no more", () => {
    const { alice } = twoPeers();
    let reported = 0;
    for (let round = 0; round < 5; round += 1) {
      const ids = Array.from({ length: 400 }, (_, index) => strangeId(round * 1_000 + index));
      reported += alice.receive(syncOf("R", ids), NOW_MS).length;
    }
    expect(reported).toBe(1_024);
    expect(alice.state.missing).toHaveLength(1_024);
  });

  test("content beyond 8,192 unanswered messages drops the oldest from the list to acknowledge", () => {
    const full = Array.from({ length: 8_192 }, (_, index) => strangeId(index));
    const bob = new Peer("R");
    bob.state = { ...bob.state, toAcknowledge: full };
    const { messageId, bytes } = new Peer("I").send("one more", NOW_MS);
    bob.receive(bytes, NOW_MS);
    expect(bob.state.toAcknowledge).toHaveLength(8_192);
    expect(bob.state.toAcknowledge[0]).toBe(strangeId(1));
    expect(bob.state.toAcknowledge.at(-1)).toBe(messageId);
  });

  test("sending is refused when 8,192 messages are unacknowledged", () => {
    const outstanding = Array.from({ length: 8_192 }, (_, index) => ({
      messageId: strangeId(index),
      attempts: 0,
      dueMs: 0,
    }));
    const alice = new Peer("I");
    alice.state = { ...alice.state, outstanding };
    expect(() => alice.send("one more", NOW_MS)).toThrow(
      expect.objectContaining({ name: "SdsError", code: "CHANNEL_FULL" }),
    );
    alice.receive(syncOf("R", [strangeId(5)]), NOW_MS);
    expect(alice.send("one more", NOW_MS).bytes.length).toBeGreaterThan(0);
  });

  test("a time that is none is refused where it would enter the state", () => {
    const alice = new Peer("I");
    const bytes = syncOf("R", [strangeId(1)]);
    expect(() => alice.receive(bytes, NOW_MS + 0.5)).toThrow("nowMs: want whole milliseconds");
    const plan = { nowMs: Number.NaN, random: NO_JITTER };
    expect(() => retransmitted(alice.state, strangeId(1), plan)).toThrow("nowMs: want whole milliseconds");
  });

  test.each([
    ["no content", { text: "", nowMs: NOW_MS, maxHistory: 3 }],
    ["a history of none", { text: "x", nowMs: NOW_MS, maxHistory: 0 }],
    ["a history of 1,025", { text: "x", nowMs: NOW_MS, maxHistory: 1_025 }],
    ["half a millisecond", { text: "x", nowMs: NOW_MS + 0.5, maxHistory: 3 }],
    ["a time before 1970", { text: "x", nowMs: -1, maxHistory: 3 }],
  ])("an argument out of range is refused: %s", (_, { text, nowMs, maxHistory }) => {
    const attempt = () => new Peer("I").send(text, nowMs, maxHistory);
    expect(attempt).toThrow(SdsError);
    expect(attempt).toThrow(expect.objectContaining({ code: "INVALID_OPTION" }));
  });
});
