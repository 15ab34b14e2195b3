/** The full form: what it sends, what it takes, and what is different among many. */
import { describe, expect, test } from "@jest/globals";
import { hash } from "@stablelib/blake2b";
import { proto_sds_message } from "@waku/proto";
import {
  acknowledge,
  BloomFilter,
  type ChannelState,
  decodeState,
  encodeState,
  idsIn,
  openChannel,
  parse,
  receive,
  type SdsEvent,
  send,
  sendEphemeral,
} from "../src/index.ts";
import { entry, field, utf8, varintField } from "./bytes.ts";
import { NO_JITTER } from "./seeded.ts";

const NOW_MS = 1_795_000_000_000;
const FILTER = { capacity: 100, errorRate: 0.01 };

function nameOf(channelId: string, sender: string, lamport: number, content: string): string {
  const lengthAnd = (text: string) => [0, utf8(text).length, ...utf8(text)];
  const time = Array.from({ length: 8 }, (_, index) => Math.floor(lamport / 2 ** (8 * (7 - index))) % 256);
  const digest = hash(Uint8Array.from([...lengthAnd(channelId), ...lengthAnd(sender), ...time, ...utf8(content)]), 16);
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

class Member {
  state: ChannelState;
  readonly log = new Map<string, string>();

  constructor(participantId: string) {
    this.state = openChannel({ channelId: "group", participantId });
  }

  send(text: string, maxHistory = 16): { readonly messageId: string; readonly bytes: Uint8Array } {
    const options = { nowMs: NOW_MS, random: NO_JITTER, maxHistory, about: (id: string) => this.about(id) };
    const sent = send(this.state, utf8(text), options);
    this.state = sent.state;
    this.log.set(sent.messageId, this.state.participantId);
    return sent;
  }

  sync(isPeriodic = false): Uint8Array | undefined {
    const result = acknowledge(this.state, { nowMs: NOW_MS, isPeriodic, about: (id) => this.about(id) });
    if (result !== undefined) this.state = result.state;
    return result?.bytes;
  }

  receive(bytes: Uint8Array | undefined): readonly SdsEvent[] {
    const isKnown = (id: string) => this.log.has(id);
    const causal = { holdMs: 4_000 };
    const { state, events } = receive(this.state, read(bytes), { nowMs: NOW_MS, isKnown, causal, bloomFilter: FILTER });
    this.state = state;
    for (const event of events) if (event.kind === "content") this.log.set(event.messageId, event.sender);
    return events;
  }

  about(id: string) {
    const sender = this.log.get(id);
    return sender === undefined ? undefined : { sender };
  }
}

function read(bytes: Uint8Array | undefined) {
  const message = parse(bytes ?? new Uint8Array(), { form: "full" });
  if (message === undefined) throw new RangeError("not an SDS message");
  return message;
}

describe("on the wire", () => {
  test("a message has all its fields, and entries say who sent what and where it may be found", () => {
    const state = {
      ...openChannel({ channelId: "ch", participantId: "bob" }),
      previousId: "own",
      toAcknowledge: ["x"],
    };
    const retrievalHint = Uint8Array.of(1, 2);
    const about = (id: string) => (id === "x" ? { sender: "alice", retrievalHint } : undefined);
    const bloomFilter = Uint8Array.of(7);
    const options = { nowMs: NOW_MS, random: NO_JITTER, about, bloomFilter };
    const { bytes, messageId } = send(state, utf8("hello"), options);
    expect(messageId).toBe(nameOf("ch", "bob", NOW_MS, "hello"));
    const entryOf = (...fields: number[][]) => field(11, Uint8Array.from(fields.flat()));
    expect([...bytes]).toEqual([
      ...field(1, "bob"),
      ...field(2, messageId),
      ...field(3, "ch"),
      ...varintField(10, NOW_MS),
      ...entryOf(field(1, "own"), field(3, "bob")),
      ...entryOf(field(1, "x"), field(2, retrievalHint), field(3, "alice")),
      ...field(12, bloomFilter),
      ...field(20, "hello"),
    ]);
    expect(proto_sds_message.SdsMessage.decode(bytes)).toMatchObject({
      senderId: "bob",
      messageId,
      channelId: "ch",
      causalHistory: [
        { messageId: "own", senderId: "bob" },
        { messageId: "x", senderId: "alice", retrievalHint },
      ],
      content: utf8("hello"),
    });
  });

  test("what entries say reaches the application with what is missing", () => {
    const retrievalHint = Uint8Array.of(9);
    const named = new Map([["x", { sender: "carol", retrievalHint }]]);
    const sent = send(
      { ...openChannel({ channelId: "group", participantId: "alice" }), toAcknowledge: ["x"] },
      utf8("1"),
      {
        nowMs: NOW_MS,
        random: NO_JITTER,
        about: (id) => named.get(id),
      },
    );
    const bob = new Member("bob");
    expect(bob.receive(sent.bytes)[0]).toEqual({
      kind: "missing",
      messageId: "x",
      sinceMs: NOW_MS,
      sender: "carol",
      retrievalHint,
    });
    expect(bob.state.missing).toMatchObject([{ messageId: "x", sender: "carol" }]);
  });

  const head = [...field(1, "bob"), ...field(3, "ch"), ...varintField(10, NOW_MS)];
  const name = nameOf("ch", "bob", NOW_MS, "hi");
  test.each([
    ["no sender", [...field(3, "ch"), ...varintField(10, NOW_MS)]],
    ["no channel", [...field(1, "bob"), ...varintField(10, NOW_MS)]],
    ["a sender of 257 bytes", [...field(1, "b".repeat(257)), ...field(3, "ch"), ...varintField(10, NOW_MS)]],
    ["content without a name", [...head, ...field(20, "hi")]],
    ["the name of another content", [...head, ...field(2, nameOf("ch", "bob", NOW_MS, "ho")), ...field(20, "hi")]],
    [
      "the name of the same content by another",
      [...head, ...field(2, nameOf("ch", "eve", NOW_MS, "hi")), ...field(20, "hi")],
    ],
    ["an id with a space", [...head, ...entry(11, "a b")]],
    ["an id of 129 characters", [...head, ...entry(11, "a".repeat(129))]],
    ["an empty id in a request", [...head, ...entry(13, "")]],
    ["neither time nor content", [...field(1, "bob"), ...field(3, "ch")]],
  ])("not a message: %s", (_, bytes) => {
    expect(parse(Uint8Array.from(bytes), { form: "full" })).toBeUndefined();
    const whole = Uint8Array.from([...head, ...field(2, name), ...field(20, "hi")]);
    expect(parse(whole, { form: "full" })?.content?.messageId).toBe(name);
  });

  test("a channel may name its messages otherwise; a name that cannot travel is the caller's mistake", () => {
    const alice = openChannel({ channelId: "ch", participantId: "alice" });
    const nameMessage = ({ lamport }: { readonly lamport: number }) => `m-${lamport}`;
    const options = { nowMs: NOW_MS, random: NO_JITTER };
    const { bytes, messageId } = send(alice, utf8("hi"), { ...options, nameMessage });
    expect(messageId).toBe(`m-${NOW_MS}`);
    expect(parse(bytes, { form: "full", nameMessage })?.content?.messageId).toBe(messageId);
    expect(parse(bytes, { form: "full" })).toBeUndefined();
    for (const wrong of ["", "two words", "é", "x".repeat(129)]) {
      expect(() => send(alice, utf8("hi"), { ...options, nameMessage: () => wrong })).toThrow(
        "nameMessage: want 1 to 128",
      );
    }
  });

  test.each([
    [{ channelId: "", participantId: "a" }, "channelId: want 1 to 256 bytes"],
    [{ channelId: "c", participantId: "é".repeat(129) }, "participantId: want 1 to 256 bytes"],
    [{ channelId: "c", participantId: "\ud800" }, "participantId: want 1 to 256 bytes"],
  ])("names that cannot travel are refused: %j", (who, message) => {
    expect(() => openChannel(who)).toThrow(message);
  });

  test("one form does not take the other's messages", () => {
    const bob = new Member("bob");
    const compact = parse(send(openChannel("I"), utf8("hi"), { nowMs: NOW_MS, random: NO_JITTER }).bytes);
    if (compact === undefined) throw new RangeError("not an SDS message");
    const discarded = { events: [{ kind: "discarded", reason: "wrong-channel" }] };
    expect(receive(bob.state, compact, { nowMs: NOW_MS, isKnown: () => false })).toMatchObject(discarded);
    const full = read(new Member("alice").send("hi").bytes);
    expect(receive(openChannel("R"), full, { nowMs: NOW_MS, isKnown: () => false })).toMatchObject(discarded);
  });
});

describe("among many", () => {
  function three() {
    return { alice: new Member("alice"), bob: new Member("bob"), carol: new Member("carol") };
  }

  test("one acknowledgement is enough: who sees it owes none", () => {
    const { alice, bob, carol } = three();
    const { messageId, bytes } = alice.send("hello");
    for (const each of [bob, carol]) each.receive(bytes);
    const sync = bob.sync();
    expect(carol.receive(sync)).toEqual([]);
    expect(carol.sync()).toBeUndefined();
    expect(alice.receive(sync)).toEqual([{ kind: "acknowledged", messageId, by: "bob" }]);
  });

  test("a sender who names his own previous message acknowledges it for nobody", () => {
    const { alice, bob } = three();
    const sent = [alice.send("1"), alice.send("2")];
    for (const { bytes } of sent) bob.receive(bytes);
    expect(bob.state.toAcknowledge).toEqual(sent.map(({ messageId }) => messageId));
  });

  test("content names what nothing else names: each once, though everybody heard everything", () => {
    const { alice, bob, carol } = three();
    const one = alice.send("1");
    for (const each of [bob, carol]) each.receive(one.bytes);
    const two = bob.send("2");
    expect(read(two.bytes).history).toEqual([one.messageId]);
    carol.receive(two.bytes);
    const three_ = carol.send("3");
    expect(read(three_.bytes).history).toEqual([two.messageId]);
    expect(carol.state.heads).toEqual([]);
  });

  test("also after an acknowledgement named it: order is not the acknowledgement's business", () => {
    const { alice, bob } = three();
    const one = alice.send("1");
    bob.receive(one.bytes);
    expect(read(bob.sync()).history).toEqual([one.messageId]);
    expect(read(bob.send("2").bytes).history).toEqual([one.messageId]);
  });

  test("what is held is not named by content, because nobody here has seen it", () => {
    const { alice, bob } = three();
    alice.send("lost");
    const { messageId, bytes } = alice.send("held");
    bob.receive(bytes);
    expect(read(bob.send("x").bytes).history).toEqual([]);
    expect(read(bob.sync()).history).toContain(messageId);
  });

  test("a periodic sync message shows everything to whoever missed it", () => {
    const { alice, bob, carol } = three();
    const one = alice.send("1");
    bob.receive(one.bytes);
    bob.sync();
    const two = bob.send("2");
    alice.receive(two.bytes);
    alice.sync();
    expect(alice.sync()).toBeUndefined();
    expect(carol.receive(alice.sync(true)).map(({ kind }) => kind)).toEqual(["missing", "missing"]);
    expect(new Member("dave").sync(true)).toBeUndefined();
  });

  test("a Bloom filter postpones a retransmission once; one full of ones does no more", () => {
    const { alice, bob } = three();
    const { messageId } = alice.send("hello");
    const dueMs = alice.state.outstanding[0]?.dueMs ?? 0;
    for (const ids of [["another"], [messageId]]) {
      const bloomFilter = new BloomFilter(FILTER, ids).toBytes();
      const { state, bytes } = send(bob.state, utf8(ids.join()), { nowMs: NOW_MS, random: NO_JITTER, bloomFilter });
      bob.state = state;
      const possible = { kind: "possibly-acknowledged", messageId, by: "bob" };
      expect(alice.receive(bytes).slice(0, -1)).toEqual(ids[0] === messageId ? [possible] : []);
    }
    const ones = new BloomFilter(FILTER).toBytes().fill(0xff);
    const options = { nowMs: NOW_MS, random: NO_JITTER };
    alice.receive(send(bob.state, utf8("ones"), { ...options, bloomFilter: ones }).bytes);
    expect(alice.state.outstanding).toEqual([
      { messageId, attempts: 0, dueMs: dueMs + 30_000, isPossiblyAcknowledged: true },
    ]);
    alice.receive(send(bob.state, utf8("short"), { ...options, bloomFilter: ones.subarray(1) }).bytes);
    expect(decodeState(encodeState(alice.state))).toEqual(alice.state);
  });
});

describe("ephemeral messages", () => {
  test("have content and nothing else, change nothing, and are handed out as they come", () => {
    for (const who of ["I", { channelId: "group", participantId: "alice" }] as const) {
      const alice = openChannel(who);
      const bytes = sendEphemeral(alice, utf8("typing"), { nowMs: NOW_MS });
      const message = parse(bytes, { form: who === "I" ? "compact" : "full" });
      if (message === undefined) throw new RangeError("not an SDS message");
      expect(message.lamport).toBeUndefined();
      const bob = openChannel(who === "I" ? "R" : { channelId: "group", participantId: "bob" });
      const never = () => {
        throw new RangeError("nothing is to be looked up");
      };
      expect(idsIn(bob, message)).toEqual([]);
      const event = { kind: "ephemeral", sender: alice.participantId, content: utf8("typing") };
      expect(receive(bob, message, { nowMs: NOW_MS, isKnown: never })).toEqual({ state: bob, events: [event] });
      expect(receive(alice, message, { nowMs: NOW_MS, isKnown: never }).events).toEqual([
        { kind: "discarded", reason: "wrong-sender" },
      ]);
    }
  });

  test("in the compact form it is exactly sender and content", () => {
    const bytes = sendEphemeral(openChannel("R"), utf8("hi"), { nowMs: NOW_MS });
    expect([...bytes]).toEqual([...field(1, "R"), ...field(20, "hi")]);
  });

  test("without content it would be nothing", () => {
    expect(() => sendEphemeral(openChannel("I"), utf8(""), { nowMs: NOW_MS })).toThrow("content: want 1 byte or more");
  });
});
