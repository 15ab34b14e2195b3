/**
 * The messages of all groups, by time: what an observer of the network sees of them, and, apart from that, what is true.
 * @module
 */
import { type GroupTrace, HEAD_BYTES, MAILBOX_BITS } from "./group.ts";

/** Columns, a row for each message: all that classifiers are given. */
export type Observed = {
  readonly count: number;
  /** From the first to the end of what was recorded. */
  readonly durationMs: number;
  readonly buckets: number;
  readonly atMs: Float64Array;
  readonly bucket: Uint16Array;
  readonly size: Uint32Array;
  /** {@link HEAD_BYTES} of each. */
  readonly head: Uint8Array;
};

/** Accounts are numbers of the whole population. Only labels come from here, and what is found is held against it. */
export type Truth = {
  readonly sender: Int32Array;
  readonly recipient: Int32Array;
  /** Of both people. */
  readonly group: Int32Array;
  /** Index in `PURPOSES` of group-notes.ts. */
  readonly purpose: Uint8Array;
  readonly isFirst: Uint8Array;
  /** What the size would be without padding. */
  readonly unpadded: Uint32Array;
  /** Row of the message that acknowledges it; -1: none. */
  readonly confirmedBy: Int32Array;
  readonly accounts: {
    readonly group: Int32Array;
    /** The first 16 bits of the mailbox. */
    readonly mailbox: Uint16Array;
  };
};

export type Trace = {
  readonly truth: Truth;
  /** What is seen if mailboxes have so many bits. */
  observed(mailboxBits: number): Observed;
  /** Texts that people wrote while it was recorded. */
  readonly written: number;
  /** Mean time until a writer knew that a text had arrived. */
  readonly deliveredMs: number;
  readonly bytesOnTheWire: number;
};

export function mergeGroups(groups: readonly GroupTrace[], durationMs: number): Trace {
  const count = sum(groups.map(({ atMs }) => atMs.length));
  const people = sum(groups.map(({ mailbox }) => mailbox.length));
  const order = rowsByTime(groups);
  const atMs = new Float64Array(count);
  const size = new Uint32Array(count);
  const prefix = new Uint16Array(count);
  const head = new Uint8Array(count * HEAD_BYTES);
  const truth: Truth = {
    sender: new Int32Array(count),
    recipient: new Int32Array(count),
    group: new Int32Array(count),
    purpose: new Uint8Array(count),
    isFirst: new Uint8Array(count),
    unpadded: new Uint32Array(count),
    confirmedBy: new Int32Array(count),
    accounts: { group: new Int32Array(people), mailbox: new Uint16Array(people) },
  };
  const firstAccounts: number[] = [];
  const places = groups.map(({ atMs: times }) => new Int32Array(times.length));
  let accounts = 0;
  groups.forEach(({ mailbox }, group) => {
    firstAccounts.push(accounts);
    truth.accounts.mailbox.set(mailbox, accounts);
    truth.accounts.group.fill(group, accounts, accounts + mailbox.length);
    accounts += mailbox.length;
  });
  order.forEach(({ group, row }, place) => {
    const positions = places[group];
    if (positions !== undefined) positions[row] = place;
  });
  const startMs = Math.min(...order.slice(0, 1).map(({ atMs: first }) => first));
  order.forEach(({ group, row, atMs: time }, place) => {
    const from = groups[group];
    if (from === undefined) return;
    const recipient = at(from.recipient, row);
    const confirming = at(from.confirmedBy, row);
    atMs[place] = time - startMs;
    size[place] = at(from.size, row);
    prefix[place] = at(from.mailbox, recipient);
    head.set(from.head.subarray(row * HEAD_BYTES, (row + 1) * HEAD_BYTES), place * HEAD_BYTES);
    truth.sender[place] = at(firstAccounts, group) + at(from.sender, row);
    truth.recipient[place] = at(firstAccounts, group) + recipient;
    truth.group[place] = group;
    truth.purpose[place] = at(from.purpose, row);
    truth.isFirst[place] = at(from.isFirst, row);
    truth.unpadded[place] = at(from.unpadded, row);
    truth.confirmedBy[place] = confirming < 0 ? -1 : at(places[group] ?? [], confirming);
  });
  const delivered = sum(groups.map((each) => each.delivered.count));
  return {
    truth,
    observed: (bits) => {
      const bucket = prefix.map((mailbox) => mailbox >> (MAILBOX_BITS - bits));
      return { count, durationMs, buckets: 2 ** bits, atMs, bucket, size, head };
    },
    written: sum(groups.map(({ written }) => written)),
    deliveredMs: sum(groups.map((each) => each.delivered.totalMs)) / delivered,
    bytesOnTheWire: size.reduce((total, bytes) => total + bytes, 0),
  };
}

/** What is seen from then until then. */
export function observedBetween(observed: Observed, fromMs: number, untilMs: number): Observed {
  const from = firstAtOrAfter(observed.atMs, fromMs);
  const to = firstAtOrAfter(observed.atMs, untilMs);
  return {
    ...observed,
    count: to - from,
    durationMs: untilMs - fromMs,
    atMs: observed.atMs.subarray(from, to),
    bucket: observed.bucket.subarray(from, to),
    size: observed.size.subarray(from, to),
    head: observed.head.subarray(from * HEAD_BYTES, to * HEAD_BYTES),
  };
}

/** The first row at a time or later; the number of rows if there is none. */
export function firstAtOrAfter(atMs: Float64Array, timeMs: number): number {
  let [low, high] = [0, atMs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at(atMs, middle) < timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The element; 0 where there is none. */
export function at(values: ArrayLike<number>, index: number): number {
  return values[index] ?? 0;
}

function rowsByTime(groups: readonly GroupTrace[]) {
  return groups
    .flatMap(({ atMs }, group) => Array.from(atMs, (time, row) => ({ group, row, atMs: time })))
    .sort((a, b) => a.atMs - b.atMs || a.group - b.group || a.row - b.row);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
