/** Sending by light push, against a light node that answers what the test says. */
import { describe, expect, test } from "@jest/globals";
import { Reassembler, Segmenter } from "../../src/index.ts";
import { type PushResult, type SendProgress, type SendSegmentedOptions, sendSegmented } from "../../src/waku.ts";
import { payloadOf } from "../payloads.ts";
import { FakeClock, fakeNode, numberingEncoder, plainEncoder, quiet, refused, TAKEN } from "./fakes.ts";

const MESSAGE_SIZE = 187; // chunks of 128 bytes
const encoder = plainEncoder();
const never = () => new Promise<never>(() => {});
const later = (clock: FakeClock, result: PushResult) =>
  new Promise<PushResult>((resolve) => clock.after(100, () => resolve(result)));

function wholeFrom(messages: Iterable<Uint8Array>, blind = true): Uint8Array[] {
  const reassembler = new Reassembler({ maxMessageSize: MESSAGE_SIZE, blind });
  const results = [...messages].map((message) => reassembler.accept(message, { nowMs: 0 }));
  return results.flatMap((result) => (result.kind === "complete" ? [result.payload] : []));
}

/** Sends 2,000 bytes in 16 segments and 2 of parity, one at a time unless `options` say otherwise. */
async function send(
  answer: (push: number, clock: FakeClock) => PushResult | Promise<PushResult>,
  options: SendSegmentedOptions = {},
) {
  const clock = new FakeClock();
  const fake = fakeNode(clock, (push) => answer(push, clock));
  const startMs = clock.nowMs();
  const all = { maxMessageSize: MESSAGE_SIZE, concurrency: 1, clock, ...options };
  const outcome = await clock.settle(
    sendSegmented(fake.node, encoder, payloadOf(2_000), all).then(
      (receipt) => ({ receipt, error: undefined }),
      (error: unknown) => ({ receipt: undefined, error }),
    ),
  );
  await quiet();
  return { ...fake, ...outcome, clock, times: fake.pushes.map(({ atMs }) => atMs - startMs) };
}

describe("what is sent", () => {
  test("a payload that fits one message goes as it is (SEG-F4)", async () => {
    const fake = fakeNode(new FakeClock());
    const payload = payloadOf(152_576);
    expect(await sendSegmented(fake.node, encoder, payload)).toEqual({ total: 1 });
    expect(fake.payloads()).toEqual([payload]);
  });

  test("a larger one goes in segments of at most maxMessageSize, in order, from which it is whole again", async () => {
    const { payloads, pushes, receipt } = await send(() => TAKEN);
    expect(receipt).toEqual({ total: 18, setId: expect.stringMatching(/^[0-9a-f]{64}-2032-16-2-128$/) });
    expect(payloads().every(({ length }) => length <= MESSAGE_SIZE)).toBe(true);
    expect(wholeFrom(payloads())).toEqual([payloadOf(2_000)]);
    expect(wholeFrom(payloads().slice(2))).toEqual([payloadOf(2_000)]);
    expect(pushes.map(({ proto }) => Number(proto.timestamp))).toEqual(pushes.map(({ atMs }) => atMs));
  });

  test("by default a message of 150 KiB has room for what an encoder adds", async () => {
    const fake = fakeNode(new FakeClock());
    await sendSegmented(fake.node, encoder, payloadOf(152_577));
    expect(fake.payloads().map(({ length }) => length)).toEqual([152_512 + 44, 97 + 44]);
  });

  test("two sends of one payload have nothing in common that names it, unless blind is false (SEG-+1)", async () => {
    const [first, second] = [await send(() => TAKEN), await send(() => TAKEN)];
    expect(first.receipt?.setId).not.toBe(second.receipt?.setId);
    const plain = await send(() => TAKEN, { blind: false });
    expect(plain.payloads()).toEqual([...new Segmenter({ maxMessageSize: MESSAGE_SIZE }).segment(payloadOf(2_000))]);
  });

  test("an empty payload travels in a segment, because light push refuses empty messages", async () => {
    const fake = fakeNode(new FakeClock());
    await sendSegmented(fake.node, encoder, new Uint8Array(0), { maxMessageSize: MESSAGE_SIZE });
    expect(fake.payloads()[0]?.length).toBeGreaterThan(0);
    expect(wholeFrom(fake.payloads())).toEqual([new Uint8Array(0)]);
  });

  test("the progress counts every segment that was taken", async () => {
    const progress: SendProgress[] = [];
    await send(() => TAKEN, { concurrency: 5, onProgress: (step) => progress.push(step) });
    expect(progress).toEqual(Array.from({ length: 18 }, (_, index) => ({ sent: index + 1, total: 18 })));
  });

  test("no more segments are under way than concurrency allows, and each is sent once", async () => {
    const { mostUnderWay, payloads } = await send((_, clock) => later(clock, TAKEN), { concurrency: 5 });
    expect(mostUnderWay()).toBe(5);
    expect(payloads()).toHaveLength(18);
    expect(wholeFrom(payloads())).toEqual([payloadOf(2_000)]);
  });
});

describe("a segment that is not taken", () => {
  test("is pushed again after 1 and 2 seconds, before the next one", async () => {
    const { times, payloads, receipt } = await send((push) => (push < 2 ? refused("Remote peer rejected") : TAKEN));
    expect(times.slice(0, 4)).toEqual([0, 1_000, 3_000, 3_000]);
    expect(receipt?.total).toBe(18);
    expect(wholeFrom(payloads())).toEqual([payloadOf(2_000)]);
  });

  test("is the same message each time, so that the network takes the copies for one", async () => {
    const clock = new FakeClock();
    const { node, pushes } = fakeNode(clock, (push) => (push < 3 ? refused("No peer available") : TAKEN));
    const encrypting = numberingEncoder();
    await clock.settle(sendSegmented(node, encrypting, payloadOf(100), { clock }));
    expect(pushes).toHaveLength(4);
    expect(new Set(pushes.map(({ proto }) => proto)).size).toBe(1);
    expect(encrypting.encoded()).toBe(1);
  });

  test("is not left to the light node, whose retries would be other messages", async () => {
    const { pushes } = await send((push) => (push < 2 ? refused("Remote peer rejected") : TAKEN));
    expect(pushes.filter(({ isRetriedByNode }) => isRetriedByNode)).toEqual([]);
  });

  test("holds up no other segment while it waits", async () => {
    const { times } = await send((push) => (push === 0 ? refused("No response received") : TAKEN), { concurrency: 2 });
    expect(times).toEqual([...Array.from({ length: 18 }, () => 0), 1_000]);
  });

  test("ends the sending after six attempts, with pauses of up to 16 seconds", async () => {
    const { error, times } = await send((push) => (push < 3 ? TAKEN : refused("No peer available")));
    expect(times.slice(3)).toEqual([0, 1_000, 3_000, 7_000, 15_000, 31_000]);
    expect(error).toMatchObject({
      code: "SEND_FAILED",
      message:
        "segments: want all 18 taken by a service node, got 3; not taken: 3-17; " +
        "segment 3 was pushed 6 times, last answer: No peer available",
    });
  });

  test("ends it with every segment named that was not taken", async () => {
    const answers = [never(), TAKEN, TAKEN, TAKEN];
    const answer = (push: number, clock: FakeClock) => answers[push] ?? later(clock, refused("Size is too big"));
    const { error } = await send(answer, { concurrency: 3 });
    expect(error).toMatchObject({
      message:
        "segments: want all 18 taken by a service node, got 3; not taken: 0, 4-17; " +
        "segment 4 was pushed once, last answer: Size is too big",
    });
  });

  test.each(["Failed to encode", "Payload is empty", "Size is too big", "Message validation failed"])(
    "ends it at once when the answer is final: %s",
    async (reason) => {
      const { error, pushes } = await send((push) => (push < 3 ? TAKEN : refused(reason)));
      expect(pushes).toHaveLength(4);
      expect(error).toMatchObject({
        code: "SEND_FAILED",
        message: expect.stringContaining(`pushed once, last answer`),
      });
    },
  );

  test("leads to the option when its message is larger than public service nodes take", async () => {
    const clock = new FakeClock();
    const { node } = fakeNode(clock, () => refused("Remote peer rejected"));
    const sending = sendSegmented(node, encoder, payloadOf(153_600), { maxMessageSize: 153_600, clock });
    await expect(clock.settle(sending)).rejects.toMatchObject({
      message: expect.stringContaining("153660 bytes, public service nodes take 153600: lower maxMessageSize"),
    });
  });

  test("is pushed again when the service node does not answer within 15 seconds", async () => {
    const { times, receipt, payloads } = await send((push) => (push === 0 ? never() : TAKEN));
    expect(times.slice(0, 2)).toEqual([0, 16_000]);
    expect(receipt?.total).toBe(18);
    expect(payloads()[0]).toEqual(payloads()[1]);
  });

  test("is pushed again when the light node throws, and the last error is the cause", async () => {
    const broken = new TypeError("the node is stopped");
    const { error, times } = await send(() => Promise.reject(broken), { attempts: 2 });
    expect(times).toEqual([0, 1_000]);
    expect(error).toMatchObject({ code: "SEND_FAILED", cause: broken });
  });

  test("leaves no timer behind", async () => {
    const { clock } = await send((push) => (push === 4 ? refused("Size is too big") : never()), { concurrency: 5 });
    expect(clock.timers).toBe(0);
  });
});

test("what cannot be encoded is a final failure, and what the encoder throws comes out", async () => {
  const { node } = fakeNode(new FakeClock());
  const mute = { ...plainEncoder(), toProtoObj: async () => undefined };
  await expect(sendSegmented(node, mute, payloadOf(10))).rejects.toMatchObject({
    code: "SEND_FAILED",
    message: expect.stringContaining("last answer: Failed to encode"),
  });
  const broken = { ...plainEncoder(), toProtoObj: () => Promise.reject(new TypeError("no key")) };
  await expect(sendSegmented(node, broken, payloadOf(10))).rejects.toThrow("no key");
});

describe("aborting", () => {
  const reason = new Error("the user closed the window");

  test("before it starts sends nothing", async () => {
    const { error, pushes } = await send(() => TAKEN, { signal: AbortSignal.abort(reason) });
    expect({ error, pushes }).toEqual({ error: reason, pushes: [] });
  });

  test("ends a wait for an answer, and nothing is sent afterwards", async () => {
    const aborting = new AbortController();
    const answer = (push: number) => {
      if (push === 3) aborting.abort(reason);
      return push < 3 ? TAKEN : never();
    };
    const { error, pushes, clock } = await send(answer, { signal: aborting.signal, concurrency: 2 });
    expect(error).toBe(reason);
    expect(pushes.length).toBeLessThanOrEqual(5);
    expect(clock.timers).toBe(0);
  });

  test("ends a pause", async () => {
    const clock = new FakeClock();
    const aborting = new AbortController();
    const { node, pushes } = fakeNode(clock, () => refused("No peer available"));
    const sending = sendSegmented(node, encoder, payloadOf(10), { clock, signal: aborting.signal });
    await quiet();
    aborting.abort(reason);
    await expect(sending).rejects.toBe(reason);
    expect({ pushes: pushes.length, timers: clock.timers }).toEqual({ pushes: 1, timers: 0 });
  });
});

test("what onProgress throws ends the sending", async () => {
  const broken = new TypeError("no such element");
  const { error, pushes } = await send(() => TAKEN, {
    onProgress: () => {
      throw broken;
    },
  });
  expect({ error, pushes: pushes.length }).toEqual({ error: broken, pushes: 1 });
});

test.each([
  ["concurrency", { concurrency: 0 }],
  ["concurrency", { concurrency: 33 }],
  ["attempts", { attempts: 0 }],
  ["answerTimeoutMs", { answerTimeoutMs: Number.NaN }],
  ["maxMessageSize", { maxMessageSize: 122 }],
])("a bad option is named before anything is sent: %s", async (name, options) => {
  const { error, pushes } = await send(() => TAKEN, options);
  expect(error).toMatchObject({ code: "INVALID_OPTION", message: expect.stringMatching(`^${name}: want`) });
  expect(pushes).toEqual([]);
});

test("a payload that is too large is refused before anything is sent (SEG-F3)", async () => {
  const { error, pushes } = await send(() => TAKEN, { maxPayloadSize: 1_999 });
  expect(error).toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
  expect(pushes).toEqual([]);
});
