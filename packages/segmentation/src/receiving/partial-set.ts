/**
 * The segments of one payload that have arrived. Nothing about a segment is authenticated, so an index may be given
 * several chunks; the hash of the payload tells in the end which of them were true.
 * @module
 */
import { ErasureCode } from "../erasure.ts";
import { createKeccak256 } from "../keccak.ts";
import { codeExists } from "../parity.ts";
import { Effort } from "../poisoning/effort.ts";
import { findTrueShards } from "../poisoning/find-true-shards.ts";
import { CHUNK_ALIGNMENT, type Segment } from "../segment.ts";
import { type IncompleteReport, type IndexRange, MAX_REPORTED_RANGES } from "./results.ts";

/** What a waiting segment costs besides its chunk, most of it outside the heap: measured in resident memory, rounded up. */
const SEGMENT_COST = 560;

/** What a set costs besides its segments, rounded up. */
const SET_COST = 1_024;

/** What a letter of a sender's name costs: two bytes, by which the set and the account of the sender's sets hold it. */
const NAME_COST = 4;

/** Different chunks that are kept for one index. */
const MAX_CANDIDATES = 4;

/** The share of the payload from which on it is assembled in place: reserving it earlier would cost an attacker little. */
const IN_PLACE_SHARE = 1 / 4;

/** Smaller payloads gain nothing from being assembled in place. */
const IN_PLACE_MIN_BYTES = 2 ** 20;

/** What a kept segment allows in searches for forged ones: steps for each of its bytes and of those it costs us. */
const STEPS_PER_BYTE = 128;

/** The most that one search may cost: some seconds. */
const MAX_SEARCH_STEPS = 2 ** 32;
const MAX_ATTEMPTS = 64;

/** What decoding and hashing a payload costs in steps: for each byte, and at all. */
const STEPS_PER_HASHED_BYTE = 4;
const STEPS_PER_ATTEMPT = 2 ** 15;

/** What a set costs at most, without alternatives. */
export function maxCostOf({ payloadLength, dataCount, chunkSize }: Segment, sender = ""): number {
  return (
    SET_COST + NAME_COST * sender.length + dataCount * ((dataCount === 1 ? payloadLength : chunkSize) + SEGMENT_COST)
  );
}

export class PartialSet {
  readonly setId: string;
  readonly sender: string | undefined;
  readonly total: number;
  readonly #payloadHash: Uint8Array;
  readonly #payloadLength: number;
  readonly #dataCount: number;
  readonly #parityCount: number;
  readonly #shardSize: number;
  readonly #maySettleInPlace: boolean;
  /** By position: data from 0, then parity. Lists are first come, first. */
  readonly #candidates = new Map<number, Uint8Array[]>();
  #startedAtMs: number;
  /** By number: how many positions have so many candidates or more. */
  readonly #positionsWith: number[] = [];
  #candidateCount = 0;
  #dataBytes = 0;
  /** The payload to be, once it is assembled in place: held data are views of it. */
  #payload: Uint8Array | undefined;
  #updatedAtMs: number;
  #cost: number;
  /** What the set may cost beyond what it would if nobody forged, so that it never outgrows the bound by itself. */
  #extraRoom: number;
  /** So many candidates make the next attempt worth its time. */
  #attemptAtCount: number;
  /** What searches for forged segments may still cost. */
  #searchSteps = 0;
  #isForged = false;

  /** @param maxCost - in bytes, of this set alone; at least {@link maxCostOf} it */
  constructor(segment: Segment, setId: string, sender: string | undefined, nowMs: number, maxCost: number) {
    const { payloadHash, payloadLength, dataCount, parityCount, chunkSize } = segment;
    this.setId = setId;
    this.sender = sender;
    this.total = dataCount + parityCount;
    this.#payloadHash = new Uint8Array(payloadHash);
    this.#payloadLength = payloadLength;
    this.#dataCount = dataCount;
    this.#parityCount = parityCount;
    this.#shardSize = dataCount === 1 ? payloadLength : chunkSize;
    const own = SET_COST + NAME_COST * (sender?.length ?? 0);
    const costInPlace = own + payloadLength + parityCount * this.#shardSize + this.total * SEGMENT_COST;
    this.#maySettleInPlace = payloadLength >= IN_PLACE_MIN_BYTES && dataCount > 1 && costInPlace <= maxCost;
    this.#extraRoom = maxCost - (this.#maySettleInPlace ? costInPlace : maxCostOf(segment, sender));
    this.#startedAtMs = nowMs;
    this.#updatedAtMs = nowMs;
    this.#cost = own;
    this.#attemptAtCount = dataCount;
  }

  /** Different indexes that are held. */
  get held(): number {
    return this.#candidates.size;
  }

  get needed(): number {
    return Math.max(1, this.#dataCount - this.held);
  }

  /** Bytes of memory, never less than what is really held. */
  get cost(): number {
    return this.#cost;
  }

  get updatedAtMs(): number {
    return this.#updatedAtMs;
  }

  /** Whether `solve` is worth its time. */
  get isReady(): boolean {
    return this.held >= this.#dataCount && this.#candidateCount >= this.#attemptAtCount;
  }

  /**
   * Keeps a copy of the chunk of a segment of this set.
   *
   * @param room - bytes for what is not needed if nobody forges: alternatives, and more segments than the data
   */
  add(segment: Segment, nowMs: number, room: number): "first" | "alternative" | "duplicate" | "mismatch" {
    const position = segment.isParity ? this.#dataCount + segment.index : segment.index;
    const chunk = segment.chunk.subarray(0, this.#lengthAt(position));
    const known = this.#candidates.get(position);
    if (known?.some((candidate) => equal(candidate, chunk))) return "duplicate";
    if (known !== undefined || this.held >= this.#dataCount) {
      const cost = chunk.length + SEGMENT_COST;
      if (known?.length === MAX_CANDIDATES || cost > Math.min(room, this.#extraRoom)) return "mismatch";
      this.#extraRoom -= cost;
    }
    this.#cost += SEGMENT_COST;
    this.#candidateCount += 1;
    this.#searchSteps += STEPS_PER_BYTE * (chunk.length + SEGMENT_COST);
    if (known !== undefined) {
      known.push(this.#keepCopy(chunk));
      this.#noticeRound(known.length);
      // No sign of life: it would let a forger keep the set for ever.
      return "alternative";
    }
    this.#candidates.set(position, [this.#keepFirst(position, chunk)]);
    this.#updatedAtMs = nowMs;
    this.#noticeRound(1);
    return "first";
  }

  /**
   * The payload if its hash is right, with the number of indexes that were given forged chunks. Otherwise segments are
   * forged that cannot be told from the true ones yet; more segments may help.
   */
  solve(random: (length: number) => Uint8Array): { payload: Uint8Array; forged: number } | undefined {
    const first = new Map([...this.#candidates].map(([position, [chunk = EMPTY]]) => [position, chunk]));
    let chunks = this.#wholeFrom(first);
    if (chunks === undefined) {
      this.#isForged = true;
      // A forger could have us search at every segment. What is there besides the data must grow by a quarter each time.
      const extra = this.#candidateCount - this.#dataCount;
      this.#attemptAtCount = this.#candidateCount + Math.max(1, Math.floor(extra / 4));
      const steps = Math.min(this.#searchSteps, MAX_SEARCH_STEPS);
      const stepsPerAttempt = STEPS_PER_ATTEMPT + STEPS_PER_HASHED_BYTE * this.#payloadLength;
      const attempts = Math.min(MAX_ATTEMPTS, Math.floor(steps / 2 / stepsPerAttempt));
      const effort = new Effort(steps - attempts * stepsPerAttempt);
      this.#searchSteps -= effort.steps;
      findTrueShards({
        dataCount: this.#dataCount,
        parityCount: codeExists(this.#dataCount, this.#parityCount) ? this.#parityCount : 0,
        // Chunks of other sizes can only be of a set that holds no parity.
        shardSize: Math.ceil(this.#shardSize / CHUNK_ALIGNMENT) * CHUNK_ALIGNMENT,
        candidates: this.#candidates,
        random,
        budget: { attempts, effort },
        isWhole: (choice) => {
          this.#searchSteps -= stepsPerAttempt;
          chunks = this.#wholeFrom(choice);
          return chunks !== undefined;
        },
      });
      this.#searchSteps += effort.steps;
    }
    if (chunks === undefined) return undefined;
    const forged = this.#isForged ? this.#countForged(chunks) : 0;
    return { payload: this.#join(chunks), forged };
  }

  /** A clock that went back must not keep the set for longer than `timeoutMs` from now. */
  setBackClock(nowMs: number): void {
    this.#updatedAtMs = Math.min(this.#updatedAtMs, nowMs);
    this.#startedAtMs = Math.min(this.#startedAtMs, nowMs);
  }

  report(reason: IncompleteReport["reason"], nowMs: number): IncompleteReport {
    const positions = [...this.#candidates.keys()].sort((a, b) => a - b);
    return {
      setId: this.setId,
      ...(this.sender !== undefined && { sender: this.sender }),
      reason,
      payloadLength: this.#payloadLength,
      held: this.held,
      needed: this.needed,
      total: this.total,
      missing: holes(positions, 0, this.#dataCount),
      missingParity: holes(positions, this.#dataCount, this.total),
      forged: this.#isForged,
      ageMs: Math.max(0, nowMs - this.#startedAtMs),
    };
  }

  /** The set may have been sent once more, and now be whole again: worth an attempt, since no other may follow. */
  #noticeRound(candidates: number): void {
    const positions = (this.#positionsWith[candidates] ?? 0) + 1;
    this.#positionsWith[candidates] = positions;
    if (positions === this.total) this.#attemptAtCount = this.#candidateCount;
  }

  #lengthAt(position: number): number {
    if (position !== this.#dataCount - 1) return this.#shardSize;
    return this.#payloadLength - (this.#dataCount - 1) * this.#shardSize;
  }

  #keepFirst(position: number, chunk: Uint8Array): Uint8Array {
    if (position >= this.#dataCount) return this.#keepCopy(chunk);
    this.#dataBytes += chunk.length;
    if (this.#payload === undefined && this.#maySettleInPlace) {
      if (this.#dataBytes >= this.#payloadLength * IN_PLACE_SHARE) this.#settleInPlace();
    }
    if (this.#payload === undefined) return this.#keepCopy(chunk);
    const view = this.#placeIn(this.#payload, position);
    view.set(chunk);
    return view;
  }

  #keepCopy(chunk: Uint8Array): Uint8Array {
    this.#cost += chunk.length;
    // Not `slice`: of a Node buffer, that would keep the whole message alive.
    return new Uint8Array(chunk);
  }

  /** From here on the payload is held once, not first in pieces and then whole. */
  #settleInPlace(): void {
    const payload = new Uint8Array(this.#payloadLength);
    this.#cost += this.#payloadLength;
    for (const [position, chunks] of this.#candidates) {
      const [first = EMPTY] = chunks;
      if (position >= this.#dataCount) continue;
      const view = this.#placeIn(payload, position);
      view.set(first);
      chunks[0] = view;
      this.#cost -= first.length;
    }
    this.#payload = payload;
  }

  #placeIn(payload: Uint8Array, position: number): Uint8Array {
    return payload.subarray(position * this.#shardSize, (position + 1) * this.#shardSize);
  }

  /** The data chunks that `choice` leads to, if they are the payload that was announced. */
  #wholeFrom(choice: ReadonlyMap<number, Uint8Array>): Uint8Array[] | undefined {
    const positions = Array.from({ length: this.#dataCount }, (_, position) => position);
    const data = positions.map((position) => choice.get(position));
    const lost = positions.filter((position) => data[position] === undefined);
    const recovered = lost.map((position) => this.#emptyPlace(position));
    if (lost.length > 0) {
      const parity = Array.from({ length: this.#parityCount }, (_, index) => choice.get(this.#dataCount + index));
      if (this.#dataCount === 1) recovered[0]?.set(parity.find((chunk) => chunk !== undefined) ?? EMPTY);
      else new ErasureCode().decode(data, parity, recovered, this.#shardSize);
    }
    let next = 0;
    const chunks = data.map((chunk) => chunk ?? recovered[next++] ?? EMPTY);
    const hasher = createKeccak256();
    for (const chunk of chunks) hasher.update(chunk);
    return equal(hasher.digest(), this.#payloadHash) ? chunks : undefined;
  }

  /** Where a recovered chunk may be written: its place in the payload, unless that is taken by a forged one. */
  #emptyPlace(position: number): Uint8Array {
    return this.#payload === undefined || this.#candidates.has(position)
      ? new Uint8Array(this.#lengthAt(position))
      : this.#placeIn(this.#payload, position);
  }

  #join(chunks: readonly Uint8Array[]): Uint8Array {
    const payload = this.#payload ?? new Uint8Array(this.#payloadLength);
    for (const [position, chunk] of chunks.entries()) {
      const isInPlace = chunk.buffer === payload.buffer;
      if (!isInPlace) payload.set(chunk, position * this.#shardSize);
    }
    return payload;
  }

  /** Parity is counted only where it was given several chunks. */
  #countForged(chunks: readonly Uint8Array[]): number {
    let forged = 0;
    for (const [position, candidates] of this.#candidates) {
      const truth = chunks[position];
      const isTrue = candidates.length === 1 && (truth === undefined || equal(candidates[0] ?? EMPTY, truth));
      if (!isTrue) forged += 1;
    }
    return forged;
  }
}

const EMPTY = new Uint8Array(0);

/** What is missing of `positions` between `start` and `end`, counted from `start`. */
function holes(positions: readonly number[], start: number, end: number): IndexRange[] {
  const ranges: IndexRange[] = [];
  let first = start;
  for (const position of [...positions.filter((position) => position >= start && position < end), end]) {
    if (position > first && ranges.length < MAX_REPORTED_RANGES) {
      ranges.push({ first: first - start, last: position - 1 - start });
    }
    first = position + 1;
  }
  return ranges;
}

/** For public values: it returns at the first difference. */
function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false;
  return true;
}
