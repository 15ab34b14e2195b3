/**
 * A Reassembler and an independent account of what it should hold: every call is checked against it.
 * @module
 */
import { type AcceptResult, type IncompleteReport, Reassembler, type ReassemblerOptions } from "@chat/segmentation";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { type ReadSegment, readSegment } from "./reference-reader.ts";

/** What must be known of the options to judge the results. */
export type WatchedOptions = ReassemblerOptions & {
  readonly maxMessageSize: number;
  readonly maxBufferedBytes: number;
  readonly maxBufferedBytesPerSender: number;
  readonly maxSets: number;
  readonly maxSetsPerSender: number;
  readonly wrap: "when-needed" | "always";
  readonly blind: boolean;
};

/** A call may take so long on a busy machine, where searching for what is forged is in proportion to what was sent. */
const CALL_LIMIT_MS = 5_000;

const BLINDING_BYTES = 32;

type Waiting = {
  readonly sender: string | undefined;
  readonly header: string;
  readonly positions: Set<number>;
  /** Of position and chunk: no chunk is held twice. */
  readonly marks: Set<string>;
  /** Of the newest position; alternatives do not count. */
  updatedAtMs: number;
  /** Of the chunks that it said it holds. */
  bytes: number;
};

type Usage = { bytes: number; sets: number };

/** What it found wrong; the campaign reports it with seed and batch. */
export class OracleError extends Error {
  override readonly name = "OracleError";
}

export class WatchedReassembler {
  readonly options: WatchedOptions;
  /** The payloads that are known by their hash: with blinding, nothing else can be whole. */
  readonly #known: ReadonlyMap<string, Uint8Array>;
  readonly #reassembler: Reassembler;
  readonly #waiting = new Map<string, Waiting>();
  readonly #ofSender = new Map<string, Usage>();
  #heldBytes = 0;
  #latestMs = Number.NEGATIVE_INFINITY;
  /** What the observer was told during the call under way. */
  #reported: IncompleteReport[] = [];
  #discarded: string[] = [];
  /** Reported since the last `expire`. */
  #unclaimed: IncompleteReport[] = [];
  readonly #onReport: (report: IncompleteReport) => void;
  slowestCallMs = 0;
  peakBufferedBytes = 0;

  constructor(
    options: WatchedOptions,
    known: ReadonlyMap<string, Uint8Array>,
    onReport: (report: IncompleteReport) => void,
  ) {
    this.options = options;
    this.#known = known;
    this.#onReport = onReport;
    this.#reassembler = new Reassembler({
      ...options,
      observer: {
        incomplete: (report) => this.#reported.push(report),
        discarded: (reason) => this.#discarded.push(reason),
      },
    });
  }

  get bufferedBytes(): number {
    return this.#reassembler.bufferedBytes;
  }

  accept(bytes: Uint8Array, sender: string | undefined, nowMs: number): AcceptResult {
    const before = this.bufferedBytes;
    const startedAtMs = performance.now();
    const result = this.#reassembler.accept(bytes, { nowMs, ...(sender !== undefined && { sender }) });
    const tookMs = performance.now() - startedAtMs;
    if (tookMs > this.slowestCallMs) this.slowestCallMs = tookMs;
    check(tookMs < CALL_LIMIT_MS, () => `accept took ${tookMs} ms`);

    const { kind } = result;
    if (kind === "pending") this.#checkPending(result, bytes, sender, nowMs);
    else if (kind === "complete") this.#checkComplete(result, bytes, sender);
    else this.#checkDiscarded(result, bytes, before);
    const expected = result.kind === "discarded" ? [result.reason] : [];
    check(this.#discarded.join() === expected.join(), () => `the observer was told of ${this.#discarded.join()}`);
    this.#discarded = [];
    this.#setBackClock(nowMs);
    this.#takeReports(nowMs);
    this.#checkBounds(sender);
    return result;
  }

  expire(nowMs: number): void {
    const reports = this.#reassembler.expire(nowMs);
    this.#setBackClock(nowMs);
    this.#takeReports(nowMs);
    const newest = this.#unclaimed.slice(-64);
    this.#unclaimed = [];
    const isSame = reports.length === newest.length && reports.every((report, index) => report === newest[index]);
    check(isSame, () => `expire gave ${reports.length} reports, the observer was told of ${newest.length}`);
    for (const { updatedAtMs } of this.#waiting.values()) {
      check(nowMs - updatedAtMs < this.#timeoutMs, () => `a set waits since ${nowMs - updatedAtMs} ms`);
    }
    this.#checkBounds();
  }

  /** After all that may ever happen: nothing is left. */
  finish(latestMs: number): void {
    this.expire(latestMs + this.#timeoutMs);
    check(this.bufferedBytes === 0, () => `${this.bufferedBytes} bytes are left`);
    check(this.#waiting.size === 0, () => `${this.#waiting.size} sets got neither whole nor reported`);
  }

  get #timeoutMs(): number {
    return this.options.timeoutMs ?? 300_000;
  }

  #checkPending(
    result: Extract<AcceptResult, { kind: "pending" }>,
    bytes: Uint8Array,
    sender: string | undefined,
    nowMs: number,
  ): void {
    const { held, index, isParity, needed, setId, total } = result;
    const segment = this.#expectSegment(bytes);
    check(
      segment.index === index && segment.isParity === isParity,
      () => `pending: got index ${index}, parity ${isParity}, want ${segment.index}, ${segment.isParity}`,
    );
    check(index < (isParity ? segment.parityCount : segment.dataCount), () => `pending: index ${index} of ${total}`);
    check(total === segment.dataCount + segment.parityCount, () => `pending: total ${total}`);
    const key = keyOf(sender, setId);
    const header = headerOf(segment);
    const waiting = this.#waiting.get(key) ?? this.#begin(key, sender, header);
    check(waiting.header === header, () => `one set for two headers: ${waiting.header} and ${header}`);
    const position = 2 * index + (isParity ? 1 : 0);
    if (!waiting.positions.has(position)) waiting.updatedAtMs = nowMs;
    waiting.positions.add(position);
    const kept = Math.min(segment.chunk.length, segment.length);
    const mark = `${position} ${markOf(segment.chunk.subarray(0, kept))}`;
    check(!waiting.marks.has(mark), () => `pending: index ${index}, parity ${isParity}, is held already`);
    waiting.marks.add(mark);
    waiting.bytes += kept;
    this.#account(sender, kept, 0);
    check(held === waiting.positions.size, () => `pending: held ${held}, want ${waiting.positions.size}`);
    check(needed === Math.max(1, segment.dataCount - held), () => `pending: needed ${needed} with ${held} held`);
  }

  #checkComplete(result: Extract<AcceptResult, { kind: "complete" }>, bytes: Uint8Array, sender: string | undefined) {
    const { forged, payload, setId } = result;
    check(result.sender === sender, () => `complete: sender ${result.sender}, want ${sender}`);
    if (setId === undefined) {
      check(this.options.wrap === "when-needed", () => "complete without a set, although all is wrapped");
      check(payload === bytes, () => "an unmodified payload is not the array that was given");
      return;
    }
    const segment = this.#expectSegment(bytes);
    const hash = hexOf(segment.hash);
    const known = this.#known.get(hash);
    const length = segment.length - (this.options.blind ? BLINDING_BYTES : 0);
    check(payload.length === length, () => `complete: ${payload.length} bytes, want ${length}`);
    if (this.options.blind) {
      check(known !== undefined && equal(known, payload), () => `complete: not the payload of ${hash}`);
    } else {
      const got = hexOf(keccak_256(payload));
      check(got === hash, () => `complete: the hash is ${got}, want ${hash}`);
    }
    check(forged === undefined || (forged >= 1 && forged <= 131_072), () => `complete: ${forged} forged`);
    this.#end(keyOf(sender, setId));
  }

  #checkDiscarded(result: Extract<AcceptResult, { kind: "discarded" }>, bytes: Uint8Array, before: number): void {
    const { reason, setId } = result;
    const { blind, maxMessageSize, wrap } = this.options;
    const isReason = ["undecodable", "invalid", "oversized", "duplicate", "mismatch"].includes(reason);
    check(isReason, () => `discarded: reason ${String(reason)}`);
    const namesSet = reason === "duplicate" || reason === "mismatch";
    check(!namesSet || setId !== undefined, () => `discarded: ${reason} without a set`);
    const isForGarbage = reason === "undecodable" || (reason === "invalid" && !blind);
    check(!isForGarbage || wrap === "always", () => `discarded: ${reason}, although whatever fits is a payload`);
    if (bytes.length > maxMessageSize) check(reason === "oversized", () => `too long a message was ${reason}`);
    // What timed out meanwhile is gone; nothing else may change.
    const after = this.bufferedBytes;
    const isUnchanged = this.#reported.length === 0 ? after === before : after < before;
    check(isUnchanged, () => `discarded (${reason}): from ${before} to ${after} bytes`);
  }

  #checkBounds(sender?: string): void {
    const { maxBufferedBytes, maxBufferedBytesPerSender, maxSets, maxSetsPerSender } = this.options;
    const { bufferedBytes } = this;
    if (bufferedBytes > this.peakBufferedBytes) this.peakBufferedBytes = bufferedBytes;
    check(bufferedBytes <= maxBufferedBytes, () => `${bufferedBytes} bytes buffered, want ≤ ${maxBufferedBytes}`);
    check(bufferedBytes >= this.#heldBytes, () => `${bufferedBytes} bytes buffered, but ${this.#heldBytes} held`);
    check(this.#waiting.size <= maxSets, () => `${this.#waiting.size} sets, want ≤ ${maxSets}`);
    if (sender === undefined) return;
    const { bytes, sets } = this.#ofSender.get(sender) ?? { bytes: 0, sets: 0 };
    check(bytes <= maxBufferedBytesPerSender, () => `${bytes} bytes of ${sender}, want ≤ ${maxBufferedBytesPerSender}`);
    check(sets <= maxSetsPerSender, () => `${sets} sets of ${sender}, want ≤ ${maxSetsPerSender}`);
  }

  /** A clock that goes back keeps no set for longer than the timeout from then. */
  #setBackClock(nowMs: number): void {
    if (nowMs < this.#latestMs) {
      for (const waiting of this.#waiting.values()) waiting.updatedAtMs = Math.min(waiting.updatedAtMs, nowMs);
    }
    this.#latestMs = nowMs;
  }

  #takeReports(nowMs: number): void {
    for (const report of this.#reported) {
      this.#checkReport(report, nowMs);
      this.#unclaimed.push(report);
      this.#end(keyOf(report.sender, report.setId));
      this.#onReport(report);
    }
    this.#reported = [];
  }

  #checkReport(report: IncompleteReport, nowMs: number): void {
    const { ageMs, held, missing, missingParity, needed, reason, sender, setId, total } = report;
    const waiting = this.#waiting.get(keyOf(sender, setId));
    check(waiting !== undefined, () => `a report on a set that nobody waits for: ${setId} of ${sender}`);
    check(reason === "timeout" || reason === "evicted", () => `report: reason ${String(reason)}`);
    const waitedMs = nowMs - (waiting?.updatedAtMs ?? nowMs);
    check(reason !== "timeout" || waitedMs >= this.#timeoutMs, () => `report: a timeout after ${waitedMs} ms`);
    check(held === waiting?.positions.size, () => `report: held ${held}, want ${waiting?.positions.size}`);
    check(needed >= 1 && held <= total, () => `report: ${held} held, ${needed} needed, ${total} in all`);
    check(ageMs >= 0, () => `report: age ${ageMs} ms`);
    let holes = 0;
    for (const ranges of [missing, missingParity]) {
      let next = 0;
      for (const { first, last } of ranges) {
        check(
          first >= next && last >= first && last < total,
          () => `report: missing ${first} to ${last} after ${next}`,
        );
        next = last + 2;
        holes += last - first + 1;
      }
    }
    const isWhole = missing.length < 1_024 && missingParity.length < 1_024;
    check(!isWhole || holes === total - held, () => `report: ${holes} missing, ${held} held, ${total} in all`);
  }

  #expectSegment(bytes: Uint8Array): ReadSegment {
    const segment = readSegment(bytes);
    if (segment !== undefined && segment.hash.length === 32) return segment;
    throw new OracleError("took for a segment what is none");
  }

  #begin(key: string, sender: string | undefined, header: string): Waiting {
    const waiting = {
      sender,
      header,
      positions: new Set<number>(),
      marks: new Set<string>(),
      updatedAtMs: 0,
      bytes: 0,
    };
    this.#waiting.set(key, waiting);
    this.#account(sender, 0, 1);
    return waiting;
  }

  #end(key: string): void {
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) return;
    this.#waiting.delete(key);
    this.#account(waiting.sender, -waiting.bytes, -1);
  }

  #account(sender: string | undefined, bytes: number, sets: number): void {
    this.#heldBytes += bytes;
    if (sender === undefined) return;
    const usage = this.#ofSender.get(sender) ?? { bytes: 0, sets: 0 };
    usage.bytes += bytes;
    usage.sets += sets;
    if (usage.sets === 0) this.#ofSender.delete(sender);
    else this.#ofSender.set(sender, usage);
  }
}

/** The text is made only when it is needed. */
export function check(isRight: boolean, what: () => string): asserts isRight {
  if (!isRight) throw new OracleError(what());
}

export function hexOf(bytes: Uint8Array): string {
  let hex = "";
  for (const byte of bytes) hex += (HEX[byte >> 4] ?? "") + (HEX[byte & 15] ?? "");
  return hex;
}

/** Different for different bytes, but for one pair in 2^53. */
function markOf(bytes: Uint8Array): number {
  let low = 0x811c_9dc5;
  let high = bytes.length;
  for (const byte of bytes) {
    low = Math.imul(low ^ byte, 0x0100_0193);
    high = Math.imul(high ^ byte, 0x85eb_ca6b) + (low >>> 15);
  }
  return (low >>> 0) + (high & 0x1f_ffff) * 2 ** 32;
}

const HEX = [..."0123456789abcdef"];

function headerOf({ hash, length, dataCount, parityCount }: ReadSegment): string {
  return `${hexOf(hash)}-${length}-${dataCount}-${parityCount}`;
}

function keyOf(sender: string | undefined, setId: string): string {
  return `${sender === undefined ? "" : `${sender}:`}${setId}`;
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
