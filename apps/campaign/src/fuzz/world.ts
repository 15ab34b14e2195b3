/**
 * One receiver with options at random, honest senders, and hostile ones between them.
 *
 * - `guarded`: few named hostile senders, a calm clock, bounds for each sender: every honest set must become whole
 * - `open`: ever new hostile senders, tight bounds, a clock that jumps: an honest set becomes whole or is reported
 * - `poisoned`: no sender is named, so that honest and forged segments meet in one set
 */
import { type Parity, Segmenter } from "@chat/segmentation";
import { keccak_256 } from "@noble/hashes/sha3.js";
import type { Random } from "../random.ts";
import { type Invention, MUTATIONS } from "./mutations.ts";
import { type ReadSegment, readSegment } from "./reference-reader.ts";
import { check, equal, hexOf, OracleError, type WatchedOptions, WatchedReassembler } from "./watched-reassembler.ts";
import type { WireWriter } from "./wire-writer.ts";

type Kind = "guarded" | "open" | "poisoned";

/** One payload of an honest sender. */
type HonestSet = {
  readonly payload: Uint8Array;
  readonly setId: string | undefined;
  readonly messages: readonly Uint8Array[];
  /** Those that arrive, some more than once, in the order of arrival; taken from the end. */
  readonly arriving: Uint8Array[];
  fate: "waiting" | "whole" | "reported" | "refused";
};

const HONEST = "honest";
const HOSTILE_SENDERS = 3;
const MUTATION_NAMES = Object.keys(MUTATIONS);
const CALM_STEP_MS = 20;
const MAX_SEGMENT_BYTES = 153_600;

export type Counts = Record<string, number>;

export class World {
  readonly #random: Random;
  readonly #writer: WireWriter;
  readonly #counts: Counts;
  readonly #kind: Kind;
  readonly #options: WatchedOptions;
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
    this.#kind = random.pick(["guarded", "guarded", "open", "poisoned"]);
    const { options, parity } = chooseOptions(random, this.#kind);
    this.#options = options;
    this.#nowMs = random.pick([0, 1_700_000_000_000]);
    this.#latestMs = this.#nowMs;
    const sizes = { maxMessageSize: options.maxMessageSize, wrap: options.wrap, blind: options.blind };
    this.#segmenter = new Segmenter({ ...sizes, parity, random: (length) => random.bytes(length) });
    for (let count = random.between(1, 4); count > 0; count -= 1) this.#sets.push(this.#makeSet());
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
    this.#count(`worlds.${this.#kind}`);
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
    const { chunkSize } = this.#segmenter;
    const { blind, maxMessageSize, wrap } = this.#options;
    const chunks = random.chance(0.03) ? random.between(20, 260) : random.spread(1, 20);
    const atLeast =
      wrap === "when-needed" ? Math.max(maxMessageSize + 1, (chunks - 1) * chunkSize) : (chunks - 1) * chunkSize;
    const isSmall = chunkSize <= 2_048;
    const payload = random.bytes(isSmall ? random.between(atLeast, atLeast + chunkSize) : random.spread(0, 4_000));
    const made = this.#segmenter.segment(payload);
    const messages = [...made];
    check(messages.length === made.total, () => `segmenter: ${messages.length} messages, ${made.total} announced`);
    for (const message of messages) {
      check(message.length <= maxMessageSize, () => `segmenter: a message of ${message.length} bytes`);
    }
    const segments = messages.flatMap((message) => readSegment(message) ?? []);
    const isWrapped = made.setId !== undefined;
    if (isWrapped) this.#learn(payload, segments, blind);
    const needed = isWrapped ? (segments[0]?.dataCount ?? 1) : 1;
    const arriving = random.shuffle([...messages]).slice(0, random.between(needed, messages.length));
    while (random.chance(0.3)) arriving.push(random.pick(messages));
    for (const message of messages) this.#addMaterial(message);
    this.#count("honestSets");
    return { payload, setId: made.setId, messages, arriving: random.shuffle(arriving), fate: "waiting" };
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
    return this.#kind === "poisoned" ? undefined : HONEST;
  }

  /** Whether there was anything left to deliver. */
  #deliverHonest(): boolean {
    // Two at a time, so that the bounds for one sender leave room for both.
    const under = this.#sets.filter(({ arriving }) => arriving.length > 0).slice(0, 2);
    if (under.length === 0) return false;
    const set = this.#random.pick(under);
    const message = set.arriving.pop() ?? set.payload;
    const result = this.#watched.accept(message, this.#senderOf(), this.#nowMs);
    this.#count(`honest.${result.kind === "discarded" ? result.reason : result.kind}`);
    if (result.kind === "discarded" && result.reason === "oversized" && set.fate === "waiting") set.fate = "refused";
    if (result.kind === "complete") {
      check(equal(result.payload, set.payload), () => "complete: not the payload that was sent");
      const isFirst = set.fate !== "whole" || this.#kind !== "guarded" || set.setId === undefined;
      check(isFirst, () => "complete for the second time");
      this.#markWhole(set);
    }
    return true;
  }

  #deliverMutated(): void {
    const random = this.#random;
    const name = this.#kind === "poisoned" && random.chance(0.2) ? "forge" : random.pick(MUTATION_NAMES);
    const writer = this.#writer.reset();
    MUTATIONS[name]?.({
      random,
      writer,
      messages: this.#messages,
      segments: this.#segments,
      inventions: this.#inventions,
      maxMessageSize: this.#options.maxMessageSize,
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
    if (this.#kind === "poisoned") return undefined;
    if (this.#kind === "guarded") return `hostile ${random.below(HOSTILE_SENDERS)}`;
    if (random.chance(0.3)) this.#hostileSenders += 1;
    return random.pick([undefined, `new ${this.#hostileSenders}`, `old ${random.below(4)}`]);
  }

  #tick(): void {
    const random = this.#random;
    if (this.#kind === "open" && random.chance(0.01)) {
      const { timeoutMs = 300_000 } = this.#options;
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
    const receiver = new WatchedReassembler({ ...this.#options, ...bounds, maxTotalSegments: 65_536 }, known, () => {});
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
    for (const { fate, setId } of this.#sets) {
      this.#count(`${this.#kind}.${fate}`);
      const isFine = this.#kind === "poisoned" || fate === "whole" || (this.#kind === "open" && fate !== "waiting");
      check(isFine, () => `an honest set is ${fate} after all its segments (${this.#kind}): ${setId}`);
    }
  }

  #count(name: string): void {
    this.#counts[name] = (this.#counts[name] ?? 0) + 1;
  }
}

function chooseOptions(random: Random, kind: Kind): { options: WatchedOptions; parity: Parity } {
  const maxMessageSize = random.pick([
    123,
    187,
    187,
    251,
    507,
    1_083,
    random.between(123, 2_000),
    MAX_SEGMENT_BYTES,
    2 ** 28 - 1,
  ]);
  const chunkSize = Math.min(maxMessageSize, 2_048);
  // Two of the largest sets that honest senders make, of up to 520 segments, with what keeping account of them costs.
  const bytesOfTwoSets = 2 * 520 * (chunkSize + 512) + 2 ** 16;
  const isGuarded = kind === "guarded";
  const tight = random.spread(2_000, 2_000_000);
  const maxBufferedBytesPerSender = isGuarded ? bytesOfTwoSets : random.chance(0.5) ? tight : Math.ceil(tight / 2);
  const maxSetsPerSender = isGuarded ? 8 : random.between(1, 16);
  const options = {
    maxMessageSize,
    maxPayloadSize: random.pick([100 * 2 ** 20, 2 ** 21, 2 ** 32 - 33]),
    maxTotalSegments: random.pick([65_536, 1_000]),
    wrap: random.pick(["when-needed", "always"] as const),
    blind: random.chance(0.25),
    maxBufferedBytesPerSender,
    maxBufferedBytes: isGuarded ? (HOSTILE_SENDERS + 1) * maxBufferedBytesPerSender : tight,
    maxSetsPerSender,
    maxSets: isGuarded ? (HOSTILE_SENDERS + 1) * maxSetsPerSender : random.between(1, 64),
    maxCompletedSets: isGuarded ? 1_024 : random.pick([0, 1, 16, 1_024]),
    timeoutMs: kind === "open" ? random.spread(1, 300_000) : 300_000,
    random: (length: number) => random.bytes(length),
  };
  const parities: readonly Parity[] = ["seven-eighths", "seven-eighths", "none", { rate: 0.125 }, { rate: 1 }];
  // Of one chunk, parity by rate is as large as a message may be.
  const parity = maxMessageSize > MAX_SEGMENT_BYTES ? "seven-eighths" : random.pick(parities);
  return { options, parity };
}
