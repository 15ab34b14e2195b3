/**
 * Our full form and `@waku/sds`'s `MessageChannel`, in both directions. It reads the clock of the process, which is
 * replaced here, so that its backoffs pass at once.
 */
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import {
  acknowledge,
  BloomFilter,
  type ChannelState,
  openChannel,
  parse,
  receive,
  repairDue,
  repaired,
  retransmissionsDue,
  retransmitted,
  type SdsEvent,
  type SdsMessage,
  send,
  sendEphemeral,
} from "../src/index.ts";
import { Incumbent, sha256Hex, TEXT } from "./incumbent.ts";
import { NO_JITTER } from "./seeded.ts";

const START_MS = 1_795_000_000_000;
const CHANNEL = "channel";
/** What its channels use; it fails on a filter of any other size. */
const FILTER = { capacity: 10_000, errorRate: 0.001 };
const nameMessage = ({ content }: { readonly content: Uint8Array }) => sha256Hex(content);

/** Our side, with its logs. */
class Ours {
  state: ChannelState = openChannel({ channelId: CHANNEL, participantId: "alice" });
  readonly log = new Map<string, { readonly sender: string; readonly bytes: Uint8Array }>();
  readonly events: SdsEvent[] = [];

  send(text: string, { withFilter = false } = {}): { readonly messageId: string; readonly bytes: Uint8Array } {
    const sent = send(this.state, TEXT.encode(text), { ...this.#carried(withFilter), random: NO_JITTER });
    this.state = sent.state;
    this.log.set(sent.messageId, { sender: "alice", bytes: sent.bytes });
    return sent;
  }

  sync({ withFilter = false } = {}): Uint8Array {
    const result = acknowledge(this.state, this.#carried(withFilter));
    if (result === undefined) throw new RangeError("nothing to say");
    this.state = result.state;
    return result.bytes;
  }

  read(bytes: Uint8Array): SdsMessage {
    const message = parse(bytes, { form: "full", nameMessage });
    if (message === undefined) throw new RangeError("we do not read this message");
    return message;
  }

  receive(bytes: Uint8Array): SdsEvent[] {
    const message = this.read(bytes);
    const { state, events } = receive(this.state, message, {
      nowMs: Date.now(),
      isKnown: (id) => this.log.has(id),
      causal: { holdMs: 24 * 3_600_000 },
      repair: {},
      bloomFilter: FILTER,
    });
    this.state = state;
    for (const event of events) {
      if (event.kind === "content") this.log.set(event.messageId, { sender: event.sender, bytes });
    }
    this.events.push(...events);
    return [...events];
  }

  retransmissions(): Uint8Array[] {
    const plan = { nowMs: Date.now(), random: NO_JITTER };
    return retransmissionsDue(this.state, plan.nowMs).flatMap((id) => {
      this.state = retransmitted(this.state, id, plan);
      return this.log.get(id)?.bytes ?? [];
    });
  }

  answers(): Uint8Array[] {
    const id = repairDue(this.state, Date.now());
    if (id === undefined) return [];
    this.state = repaired(this.state, id, { nowMs: Date.now(), random: NO_JITTER });
    return [this.log.get(id)?.bytes ?? new Uint8Array()];
  }

  #carried(withFilter: boolean) {
    const bloomFilter = new BloomFilter(FILTER, this.log.keys()).toBytes();
    const about = (id: string) => this.log.get(id);
    return { nowMs: Date.now(), nameMessage, about, repair: {}, ...(withFilter && { bloomFilter }) };
  }
}

/** As if its sender had never reached us, and we were to ask for it now. */
function asked({ content, sender }: SdsMessage) {
  const request = { dueMs: START_MS, attempts: 0, isPostponed: false };
  return { messageId: content?.messageId ?? "", sinceMs: START_MS, sender, request };
}

function kinds(events: readonly SdsEvent[]): string[] {
  return events.map(({ kind }) => kind);
}

let alice: Ours;
let bob: Incumbent;

beforeEach(() => {
  jest.useFakeTimers({ now: START_MS, doNotFake: ["queueMicrotask", "nextTick", "setImmediate"] });
  alice = new Ours();
  bob = new Incumbent(CHANNEL, "bob");
});

afterEach(() => {
  jest.useRealTimers();
});

describe("content and acknowledgement", () => {
  test("it delivers ours, and its reply acknowledges them", async () => {
    const sent = [alice.send("one"), alice.send("two")];
    for (const { bytes } of sent) await bob.receive(bytes);
    expect(bob.delivered).toEqual(sent.map(({ messageId }) => messageId));
    const events = alice.receive(await bob.send("reply"));
    expect(events).toMatchObject([
      ...sent.map(({ messageId }) => ({ kind: "acknowledged", messageId, by: "bob" })),
      { kind: "content", sender: "bob", content: TEXT.encode("reply") },
    ]);
    expect(alice.state.outstanding).toEqual([]);
  });

  test("we deliver its messages, and our sync message acknowledges them", async () => {
    for (const text of ["one", "two"]) expect(kinds(alice.receive(await bob.send(text)))).toEqual(["content"]);
    await bob.receive(alice.sync());
    expect(bob.acknowledged).toEqual([sha256Hex(TEXT.encode("one")), sha256Hex(TEXT.encode("two"))]);
    expect(bob.unacknowledged()).toEqual([]);
  });

  test("our content acknowledges as well, and its sync message, too", async () => {
    alice.receive(await bob.send("hello"));
    const { messageId, bytes } = alice.send("hi");
    await bob.receive(bytes);
    expect(bob.acknowledged).toEqual([sha256Hex(TEXT.encode("hello"))]);
    const sync = await bob.sync();
    expect(alice.receive(sync ?? new Uint8Array())).toEqual([{ kind: "acknowledged", messageId, by: "bob" }]);
  });

  test("a long conversation with a third lost in each direction ends complete, in order and acknowledged", async () => {
    const texts: string[] = [];
    for (let turn = 0; turn < 40; turn += 1) {
      jest.setSystemTime(START_MS + turn * 1_000);
      texts.push(`ours ${turn}`, `theirs ${turn}`);
      const ours = alice.send(`ours ${turn}`).bytes;
      const theirs = await bob.send(`theirs ${turn}`);
      if (turn % 3 !== 0) await bob.receive(ours);
      if (turn % 3 !== 1) alice.receive(theirs);
    }
    for (let minute = 0; minute < 240; minute += 1) {
      jest.setSystemTime(START_MS + 60_000 * (1 + minute));
      const theirs = [await bob.sync(), ...(await bob.repairs())];
      for (const [index, bytes] of theirs.entries()) {
        if (bytes !== undefined && (minute + index) % 3 !== 0) alice.receive(bytes);
      }
      const syncs = alice.state.toAcknowledge.length > 0 ? [alice.sync()] : [];
      const ours = [...syncs, ...alice.answers(), ...alice.retransmissions()];
      for (const [index, bytes] of ours.entries()) if ((minute + index) % 3 !== 1) await bob.receive(bytes);
      // The only retransmission that it offers, now and then.
      const [oldest] = bob.unacknowledged();
      if (oldest !== undefined && minute % 5 === 0) alice.receive(oldest.encode());
    }
    const received = alice.events.flatMap((event) => (event.kind === "content" ? [event.messageId] : []));
    const theirs = texts.filter((text) => text.startsWith("theirs")).map((text) => sha256Hex(TEXT.encode(text)));
    const ours = texts.filter((text) => text.startsWith("ours")).map((text) => sha256Hex(TEXT.encode(text)));
    expect([...received].sort()).toEqual([...theirs].sort());
    const seen = alice.events.flatMap((event) => {
      const isSeen = event.kind === "released" || (event.kind === "content" && event.waitsFor === undefined);
      return isSeen ? [event.messageId] : [];
    });
    expect(seen).toEqual(theirs);
    expect(new Set(bob.delivered)).toEqual(new Set(ours));
    expect(alice.state).toMatchObject({ outstanding: [], missing: [], held: [] });
    expect(bob.unacknowledged()).toEqual([]);
  });
});

describe("loss and repair", () => {
  test("what we lost we ask for, it answers, and what followed comes after it", async () => {
    const lost = await bob.send("one");
    expect(kinds(alice.receive(await bob.send("two")))).toEqual(["missing", "content"]);
    expect(alice.events.at(-1)).toMatchObject({ kind: "content", waitsFor: [sha256Hex(TEXT.encode("one"))] });
    jest.setSystemTime(START_MS + 121_000);
    await bob.receive(alice.sync());
    jest.setSystemTime(START_MS + 122_000);
    const answers = await bob.repairs();
    expect(answers).toEqual([lost]);
    expect(kinds(alice.receive(answers[0] ?? new Uint8Array()))).toEqual(["found", "content", "released"]);
  });

  test("what it lost it asks for, we answer once, and it delivers both", async () => {
    const lost = alice.send("one");
    const next = alice.send("two");
    await bob.receive(next.bytes);
    expect(bob.delivered).toEqual([]);
    jest.setSystemTime(START_MS + 121_000);
    const asking = await bob.sync();
    expect(alice.read(asking ?? new Uint8Array()).repairRequest).toEqual([lost.messageId]);
    alice.receive(asking ?? new Uint8Array());
    const answers = alice.answers();
    expect(answers).toEqual([lost.bytes]);
    alice.receive(asking ?? new Uint8Array());
    jest.setSystemTime(START_MS + 123_000);
    expect(alice.answers()).toEqual([]);
    await bob.receive(answers[0] ?? new Uint8Array());
    expect(bob.delivered).toEqual([lost.messageId, next.messageId]);
  });
});

describe("Bloom filters", () => {
  test("it finds its messages in ours: possible, and acknowledged by the second filter", async () => {
    alice.receive(await bob.send("one"));
    const { toAcknowledge } = alice.state;
    alice.state = { ...alice.state, toAcknowledge: [], heads: [] };
    await bob.receive(alice.send("names nothing", { withFilter: true }).bytes);
    expect(bob.possiblyAcknowledged).toEqual(toAcknowledge);
    await bob.receive(alice.send("nor does this", { withFilter: true }).bytes);
    expect(bob.acknowledged).toEqual(toAcknowledge);
  });

  test("we find ours in its: possible, which settles nothing, until it names them", async () => {
    const withoutHistory = new Incumbent(CHANNEL, "bob", { causalHistorySize: 1 });
    const [one, two] = [alice.send("one"), alice.send("two")];
    for (const { bytes } of [one, two]) await withoutHistory.receive(bytes);
    expect(alice.receive(await withoutHistory.send("reply")).slice(0, 2)).toEqual([
      { kind: "acknowledged", messageId: two.messageId, by: "bob" },
      { kind: "possibly-acknowledged", messageId: one.messageId, by: "bob" },
    ]);
    expect(alice.state.outstanding).toMatchObject([{ messageId: one.messageId, isPossiblyAcknowledged: true }]);
    expect(alice.receive(await withoutHistory.send("again")).map(({ kind }) => kind)).toEqual(["content"]);
  });
});

describe("the rest of the wire", () => {
  test("we hand out its ephemeral messages, and it reads ours", async () => {
    const events = alice.receive(await bob.sendEphemeral("typing"));
    expect(events).toEqual([{ kind: "ephemeral", sender: "bob", content: TEXT.encode("typing") }]);
    await bob.receive(sendEphemeral(alice.state, TEXT.encode("typing"), { nowMs: START_MS }));
    expect(bob.delivered).toEqual([]); // it delivers none of anybody's
  });

  test("a message of another channel is discarded on both sides", async () => {
    const stranger = new Incumbent("another", "carol");
    const reason = "wrong-channel";
    expect(alice.receive(await stranger.send("hello"))).toEqual([{ kind: "discarded", reason }]);
    await stranger.receive(alice.send("hello").bytes);
    expect(stranger.delivered).toEqual([]);
  });
});

describe("what the table in the README says of it", () => {
  test("its first message of 1 byte has 18,847 bytes, ours under a name like its own 93", async () => {
    expect(await bob.send("x")).toHaveLength(18_847);
    expect(alice.send("x").bytes).toHaveLength(93);
  });

  test("it delivers a copy of a message again, and takes the same text sent later for the same message", async () => {
    const { messageId, bytes } = alice.send("ok");
    await bob.receive(bytes);
    await bob.receive(bytes);
    expect(bob.delivered).toEqual([messageId, messageId]);
    jest.setSystemTime(START_MS + 60_000);
    expect(alice.send("ok").messageId).toBe(messageId);
  });

  test("it asks for a missing message once: if that is lost, never again", async () => {
    alice.send("lost");
    await bob.receive(alice.send("next").bytes);
    jest.setSystemTime(START_MS + 121_000);
    expect(alice.read((await bob.sync()) ?? new Uint8Array()).repairRequest).toHaveLength(1);
    jest.setSystemTime(START_MS + 24 * 3_600_000);
    expect(await bob.sync()).toBeUndefined();
  });

  test("it answers as often as it is asked, everything at once", async () => {
    const sent = [];
    for (const text of ["1", "2", "3"]) sent.push(await bob.send(text));
    const state = { ...alice.state, missing: sent.map((bytes) => asked(alice.read(bytes))) };
    for (let round = 0; round < 3; round += 1) {
      const nowMs = START_MS + round * 1_000;
      jest.setSystemTime(nowMs);
      const request = acknowledge({ ...state, lamport: nowMs }, { nowMs, nameMessage, repair: {} });
      await bob.receive(request?.bytes ?? new Uint8Array());
      jest.setSystemTime(nowMs + 1);
      expect(await bob.repairs()).toHaveLength(3);
    }
  });

  test("when a dependency is lost, it drops what follows instead of delivering it", async () => {
    const impatient = new Incumbent(CHANNEL, "bob", { timeoutForLostMessagesMs: 1_000 });
    alice.send("lost");
    await impatient.receive(alice.send("next").bytes);
    jest.setSystemTime(START_MS + 5_000);
    expect(impatient.channel.sweepIncomingBuffer()).toEqual([]);
    expect(impatient.delivered).toEqual([]);
    expect(Reflect.get(impatient.channel, "incomingBuffer")).toHaveLength(0);
  });

  test("it adopts any Lamport time, so one message puts its own out of the range that others read", async () => {
    const [forged, texts] = [
      openChannel({ channelId: CHANNEL, participantId: "mallory" }),
      { random: NO_JITTER, nameMessage },
    ];
    await bob.receive(send(forged, TEXT.encode("far ahead"), { ...texts, nowMs: Number.MAX_SAFE_INTEGER }).bytes);
    expect(parse(await bob.send("hello"), { form: "full", nameMessage })).toBeUndefined();
  });

  test("a filter of another size breaks the message that carries it", async () => {
    const small = new BloomFilter({ capacity: 100, errorRate: 0.01 }).toBytes();
    const sent = send(alice.state, TEXT.encode("small"), {
      nowMs: START_MS,
      random: NO_JITTER,
      nameMessage,
      bloomFilter: small,
    });
    await bob.receive(sent.bytes);
    expect(bob.delivered).toEqual([]);
  });
});
