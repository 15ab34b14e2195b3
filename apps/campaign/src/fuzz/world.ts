/**
 * One receiver with options at random, honest senders, and hostile ones between them.
 * @module
 */
import { Segmenter } from "@chat/segmentation";
import { keccak_256 } from "@noble/hashes/sha3.js";
import type { Random } from "../random.ts";
import { type Invention, MUTATIONS } from "./mutations.ts";
import { type ReadSegment, readSegment } from "./reference-reader.ts";
import { check, equal, hexOf, OracleError, WatchedReassembler } from "./watched-reassembler.ts";
import { WireWriter } from "./wire-writer.ts";
import { HOSTILE_SENDERS, LARGEST_PAYLOAD, planWorld, type WorldPlan } from "./world-plan.ts";

/** One payload of an honest sender. */
type HonestSet = {
  readonly payload: Uint8Array;
  readonly setId: string | undefined;
  /** Those that arrive, some more than once, in the order of arrival; taken from the end. */
  readonly arriving: Uint8Array[];
  /** For the result: how much of it is forged, and whether it has parity. */
  readonly siege: string;
  fate: "waiting" | "whole" | "reported" | "refused";
};

const HONEST = "honest";
const MUTATION_NAMES = Object.keys(MUTATIONS);
const CALM_STEP_MS = 20;

export type Counts = Record<string, number>;

export class World {
  readonly #random: Random;
  readonly #writer: WireWriter;
  readonly #counts: Counts;
  readonly #plan: WorldPlan;
  readonly #watched: WatchedReassembler;
  readonly #segmenter: Segmenter;
  readonly #sets: HonestSet[] = [];
  readonly #messages: Uint8Array[] = [];
  readonly #segments: ReadSegment[] = [];
  readonly #inventions: Invention[] = [];
  readonly #known = new Map<string, Uint8Array>();
  #nowMs: number;
  #latestMs: number;
  #hostileSenders = 0;

  constructor(random: Random, writer: WireWriter, counts: Counts) {
    this.#random = random;
    this.#writer = writer;
    this.#counts = counts;
    this.#plan = planWorld(random);
    const { isLarge, kind, options, parity } = this.#plan;
    this.#nowMs = random.pick([0, 1_700_000_000_000]);
    this.#latestMs = this.#nowMs;
    const sizes = { maxMessageSize: options.maxMessageSize, wrap: options.wrap, blind: options.blind };
    this.#segmenter = new Segmenter({ ...sizes, parity, random: (length) => random.bytes(length) });
    for (let count = isLarge ? 1 : random.between(1, 4); count > 0; count -= 1) this.#sets.push(this.#makeSet());
    // Also where honest payloads travel as they are, there are segments to mutate.
    const wrapper = new Segmenter({ ...sizes, wrap: "always", parity, random: (length) => random.bytes(length) });
    const payload = random.bytes(random.spread(0, 1_000));
    const messages = [...wrapper.segment(payload)];
    this.#learn(
      payload,
      messages.flatMap((message) => readSegment(message) ?? []),
      options.blind,
    );
    for (const message of messages) this.#addMaterial(message);
    this.#watched = new WatchedReassembler(options, this.#known, ({ sender, setId }) => {
      const set = this.#sets.find((honest) => honest.setId === setId && this.#senderOf() === sender);
      if (set !== undefined && set.fate !== "whole") set.fate = "reported";
    });
    this.#count(`worlds.${kind}${isLarge ? ".large" : ""}`);
  }

  get slowestCallMs(): number {
    return this.#watched.slowestCallMs;
  }

  get peakBufferedBytes(): number {
    return this.#watched.peakBufferedBytes;
  }

  /** @param mutations - how many mutated segments it gets, with honest ones and other calls between them */
  run(mutations: number): void {
    const random = this.#random;
    // Honest segments are spread over all of it.
    const waiting = this.#sets.reduce((sum, { arriving }) => sum + arriving.length, 0);
    const honestShare = waiting / (waiting + mutations);
    for (let done = 0; done < mutations; ) {
      this.#tick();
      if (random.chance(honestShare)) this.#deliverHonest();
      else {
        this.#deliverMutated();
        done += 1;
      }
      if (random.chance(0.005)) this.#watched.expire(this.#nowMs);
      if (random.chance(0.002)) this.#roundTrip();
    }
    while (this.#deliverHonest()) this.#tick();
    this.#judge();
    this.#watched.finish(this.#latestMs);
  }

  #makeSet(): HonestSet {
    const random = this.#random;
    const { blind, maxMessageSize } = this.#plan.options;
    const payload = random.bytes(this.#payloadLength());
    const made = this.#segmenter.segment(payload);
    const messages = [...made];
    check(messages.length === made.total, () => `segmenter: ${messages.length} messages, ${made.total} announced`);
    for (const message of messages) {
      check(message.length <= maxMessageSize, () => `segmenter: a message of ${message.length} bytes`);
    }
    const isWrapped = made.setId !== undefined;
    const segments = isWrapped ? messages.flatMap((message) => readSegment(message) ?? []) : [];
    if (isWrapped) this.#learn(payload, segments, blind);
    for (const message of messages) this.#addMaterial(message);
    this.#count("honestSets");
    const isBesieged = this.#plan.kind === "besieged";
    const arriving = isBesieged ? besiege(random, messages, segments) : lossy(random, messages, segments);
    const siege = isBesieged ? siegeOf(segments, arriving.length - messages.length) : "";
    return { payload, setId: made.setId, arriving: random.shuffle(arriving), siege, fate: "waiting" };
  }

  #payloadLength(): number {
    const random = this.#random;
    const { isLarge, options } = this.#plan;
    const { chunkSize } = this.#segmenter;
    if (isLarge) return random.between(2 ** 20, LARGEST_PAYLOAD);
    if (chunkSize > 2_048) return random.spread(0, 4_000);
    const chunks = random.chance(0.03) ? random.between(20, 260) : random.spread(1, 20);
    // One that is sent as it is tells little.
    const least = options.wrap === "always" ? 0 : options.maxMessageSize + 1;
    const length = Math.max(least, (chunks - 1) * chunkSize);
    return random.between(length, length + chunkSize);
  }

  #addMaterial(message: Uint8Array): void {
    this.#messages.push(message);
    const segment = readSegment(message);
    if (segment?.hash.length === 32) this.#segments.push(segment);
  }

  #learn(payload: Uint8Array, segments: readonly ReadSegment[], blind: boolean): void {
    const [first] = segments;
    if (first === undefined) throw new OracleError("segmenter: not a segment");
    const hash = hexOf(first.hash);
    this.#known.set(hash, payload);
    if (!blind) check(hexOf(keccak_256(payload)) === hash, () => "segmenter: not the hash of the payload");
  }

  /** Undefined where honest and hostile are not told apart. */
  #senderOf(): string | undefined {
    return this.#plan.kind === "poisoned" ? undefined : HONEST;
  }

  /** Nothing that others do may cost an honest sender anything. */
  get #isCalm(): boolean {
    return this.#plan.kind === "guarded" || this.#plan.kind === "besieged";
  }

  /** Whether there was anything left to deliver. */
  #deliverHonest(): boolean {
    // Two at a time, so that the bounds for one sender leave room for both.
    const under = this.#sets.filter(({ arriving }) => arriving.length > 0).slice(0, 2);
    if (under.length === 0) return false;
    const set = this.#random.pick(under);
    const message = set.arriving.pop() ?? set.payload;
    // In the buffer that all share: what is kept of it by reference is overwritten by the next one.
    const { bytes } = this.#writer.reset().raw(message);
    const result = this.#watched.accept(bytes, this.#senderOf(), this.#nowMs);
    this.#count(`honest.${result.kind === "discarded" ? result.reason : result.kind}`);
    if (result.kind === "discarded" && result.reason === "oversized" && set.fate === "waiting") set.fate = "refused";
    if (result.kind === "complete") {
      check(equal(result.payload, set.payload), () => "complete: not the payload that was sent");
      const isFirst = set.fate !== "whole" || !this.#isCalm || set.setId === undefined;
      check(isFirst, () => "complete for the second time");
      this.#markWhole(set);
    }
    return true;
  }

  #deliverMutated(): void {
    const random = this.#random;
    const name = this.#plan.kind === "poisoned" && random.chance(0.2) ? "forge" : random.pick(MUTATION_NAMES);
    const writer = this.#writer.reset();
    MUTATIONS[name]?.({
      random,
      writer,
      messages: this.#messages,
      segments: this.#segments,
      inventions: this.#inventions,
      maxMessageSize: this.#plan.options.maxMessageSize,
    });
    const result = this.#watched.accept(writer.bytes, this.#hostileSender(), this.#nowMs);
    this.#count(`mutated.${name}`);
    this.#count(`outcome.${result.kind === "discarded" ? result.reason : result.kind}`);
    if (result.kind !== "complete" || result.setId === undefined) return;
    const set = this.#sets.find(({ setId }) => setId === result.setId);
    if (set === undefined || this.#senderOf() !== result.sender) return;
    // A replay, or the forged segment that made the difference: the oracle has compared the hash.
    check(equal(result.payload, set.payload), () => "complete: not the payload that was sent");
    this.#markWhole(set);
  }

  /** Of two empty payloads, the second one is a duplicate. */
  #markWhole(set: HonestSet): void {
    set.fate = "whole";
    if (set.setId === undefined) return;
    for (const other of this.#sets) if (other.setId === set.setId) other.fate = "whole";
  }

  #hostileSender(): string | undefined {
    const random = this.#random;
    if (this.#plan.kind === "poisoned") return undefined;
    if (this.#isCalm) return `hostile ${random.below(HOSTILE_SENDERS)}`;
    if (random.chance(0.3)) this.#hostileSenders += 1;
    return random.pick([undefined, `new ${this.#hostileSenders}`, `old ${random.below(4)}`]);
  }

  #tick(): void {
    const random = this.#random;
    if (this.#plan.kind === "open" && random.chance(0.01)) {
      const { timeoutMs = 300_000 } = this.#plan.options;
      this.#nowMs = Math.max(0, this.#nowMs + random.between(-2, 2) * random.below(timeoutMs));
    } else this.#nowMs += random.below(CALM_STEP_MS);
    this.#latestMs = Math.max(this.#latestMs, this.#nowMs);
  }

  /** Whatever bytes are to be sent, a hostile message among them, arrive as they are. */
  #roundTrip(): void {
    const payload = this.#random.chance(0.5)
      ? new Uint8Array(this.#writer.bytes)
      : this.#random.bytes(this.#random.spread(0, 4_000));
    const known = new Map<string, Uint8Array>();
    const messages = [...this.#segmenter.segment(payload)];
    for (const message of messages) known.set(hexOf(readSegment(message)?.hash ?? payload), payload);
    const bounds = { maxBufferedBytes: 2 ** 24, maxBufferedBytesPerSender: 2 ** 24, maxCompletedSets: 1 };
    const receiver = new WatchedReassembler(
      { ...this.#plan.options, ...bounds, maxTotalSegments: 65_536 },
      known,
      () => {},
    );
    const results = messages.map((message) => receiver.accept(message, undefined, 0));
    const whole = results.flatMap((result) => (result.kind === "complete" ? [result.payload] : []));
    check(
      whole.length === 1 && equal(whole[0] ?? new Uint8Array(1), payload),
      () => `a round trip of ${payload.length} bytes gave ${whole.length} payloads`,
    );
    receiver.finish(0);
    this.#count("roundTrips");
  }

  #judge(): void {
    const { kind } = this.#plan;
    for (const { fate, setId, siege } of this.#sets) {
      this.#count(`${kind}.${siege}${fate}`);
      // Whether a besieged set becomes whole is a matter of how much parity it has, and counted only.
      const isFine =
        fate === "whole" ||
        kind === "poisoned" ||
        (kind === "open" ? fate !== "waiting" : fate === "waiting" && kind === "besieged");
      check(isFine, () => `an honest set is ${fate} after all its segments (${kind}): ${setId}`);
    }
  }

  #count(name: string): void {
    this.#counts[name] = (this.#counts[name] ?? 0) + 1;
  }
}

/** Of each set so many segments that they suffice, some of them twice. */
function lossy(random: Random, messages: readonly Uint8Array[], segments: readonly ReadSegment[]): Uint8Array[] {
  const needed = segments[0]?.dataCount ?? 1;
  const arriving = random
    .shuffle([...messages])
    .slice(0, random.between(Math.min(needed, messages.length), messages.length));
  while (random.chance(0.3)) arriving.push(random.pick(messages));
  return arriving;
}

/** All of them, and beside some of them forged ones of the same index. */
function besiege(random: Random, messages: readonly Uint8Array[], segments: readonly ReadSegment[]): Uint8Array[] {
  const arriving = [...messages];
  if (segments.length < messages.length) return arriving;
  const share = random.pick([0.02, 0.1, 0.3, 1]);
  for (const segment of segments) {
    if (segment.chunk.length < 16 || !random.chance(share)) continue;
    for (let count = random.between(1, 3); count > 0; count -= 1) {
      arriving.push(
        new WireWriter(segment.chunk.length + 100).segment(segment, random.bytes(segment.chunk.length)).bytes,
      );
    }
  }
  return arriving;
}

function siegeOf(segments: readonly ReadSegment[], forged: number): string {
  const share = forged / Math.max(1, segments.length);
  const amount = share === 0 ? "none" : share <= 0.5 ? "half" : share <= 1 ? "all" : "more";
  return `${(segments[0]?.parityCount ?? 0) > 0 ? "parity" : "bare"}.${amount}.`;
}
