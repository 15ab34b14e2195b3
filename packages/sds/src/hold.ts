/**
 * Causal order: what arrived waits here, by name, for what it follows. Contents stay with the caller, who stores them
 * or keeps them sealed. `receive` and `expireGaps` apply these rules to a channel; a caller that rather forgets an
 * early message than accept it applies them to a list of its own.
 * @module
 */
import { SdsError } from "./errors.ts";

/** A content message that is not handed out yet. */
export type Held = {
  readonly messageId: string;
  readonly lamport: number;
  readonly sizeBytes: number;
  readonly sinceMs: number;
  /** Ids that it follows and that were not handed out when it came; of these, the open ones hold it up. */
  readonly waitsFor: readonly string[];
  /** Whether content that follows it was handed out before it came. */
  readonly isLate: boolean;
};

export type HoldLimits = {
  /** How long a gap may hold up what follows it; 0 is the order of arrival. */
  readonly holdMs: number;
  /** Most messages, 0 to 65,536. @default 1_024 */
  readonly maxHeld?: number;
  /** Most bytes of content. @default 16 MiB */
  readonly maxHeldBytes?: number;
};

/** What is held now, and what is handed out, in this order. */
export type Handover = { readonly held: readonly Held[]; readonly released: readonly Held[] };

/** Whether a message has not arrived and is worth waiting for. What is held is open, too, without being asked about. */
export type IsOpen = (messageId: string) => boolean;

/** Of ids that one message waits for, on average; more would be a way to make a state large. */
const WAITS_FOR_EACH = 16;
export const MAX_HELD = 65_536;
export const MAX_WAITS = MAX_HELD * WAITS_FOR_EACH;

/** @throws {@link SdsError} `INVALID_OPTION` */
export function checkLimits({ holdMs, maxHeld = 1_024, maxHeldBytes = 2 ** 24 }: HoldLimits): Required<HoldLimits> {
  const limits = { holdMs, maxHeld, maxHeldBytes };
  for (const [name, value] of Object.entries(limits)) {
    if (Number.isSafeInteger(value) && value >= 0) continue;
    throw new SdsError("INVALID_OPTION", `${name}: want an integer ≥ 0, got ${value}`);
  }
  if (maxHeld > MAX_HELD) throw new SdsError("INVALID_OPTION", `maxHeld: want ≤ ${MAX_HELD}, got ${maxHeld}`);
  return limits;
}

/**
 * Holds a message. When there is no room, the earliest in Lamport time go ahead: order among what arrived is kept, and
 * only what is missing is not waited for any longer.
 *
 * @throws {@link SdsError} `INVALID_OPTION`
 */
export function hold(held: readonly Held[], message: Held, limits: HoldLimits, isOpen: IsOpen): Handover {
  const { maxHeld, maxHeldBytes } = checkLimits(limits);
  const isFull = (left: readonly Held[]) =>
    left.length > maxHeld ||
    sum(left, ({ sizeBytes }) => sizeBytes) > maxHeldBytes ||
    sum(left, ({ waitsFor }) => waitsFor.length) > maxHeld * WAITS_FOR_EACH;
  const all = [...held, message];
  return isFull(all) ? goAhead(all, inOrder(all), isFull, isOpen) : { held: all, released: [] };
}

/** Hands out what follows nothing open any more. Call it after something was handed out, found or given up. */
export function release(held: readonly Held[], isOpen: IsOpen): Handover {
  let left = held;
  const released: Held[] = [];
  while (left.length > 0) {
    const ids = new Set(left.map(({ messageId }) => messageId));
    const isReady = ({ waitsFor }: Held) => !waitsFor.some((id) => ids.has(id) || isOpen(id));
    const ready = inOrder(left.filter(isReady));
    if (ready.length === 0) break;
    released.push(...ready);
    left = left.filter((message) => !isReady(message));
  }
  return { held: left, released };
}

/** The same, and what has been held for `holdMs` or longer goes ahead. */
export function releaseOverdue(held: readonly Held[], nowMs: number, holdMs: number, isOpen: IsOpen): Handover {
  const ready = release(held, isOpen);
  const overdue = inOrder(ready.held.filter(({ sinceMs }) => sinceMs + holdMs <= nowMs));
  const ahead = goAhead(ready.held, overdue, () => true, isOpen);
  return { held: ahead.held, released: [...ready.released, ...ahead.released] };
}

/** Hands out `messages` and what arrived of what they follow, without what is missing of it, `while` it is wanted. */
function goAhead(
  held: readonly Held[],
  messages: readonly Held[],
  isWanted: (left: readonly Held[]) => boolean,
  isOpen: IsOpen,
): Handover {
  let left = held;
  const released: Held[] = [];
  const passed = new Set<string>();
  const take = (handover: Handover) => {
    left = handover.held;
    released.push(...handover.released);
  };
  for (const message of messages) {
    if (!isWanted(left)) break;
    if (!left.includes(message)) continue; // another one had it go
    for (const id of namedBefore(left, message)) passed.add(id);
    const isStillOpen = (id: string) => !passed.has(id) && isOpen(id);
    take(release(left, isStillOpen));
    if (!left.includes(message)) continue;
    // Somebody made messages that follow each other in a circle.
    released.push(message);
    take({ held: left.filter((each) => each !== message), released: [] });
    take(release(left, isStillOpen));
  }
  return { held: left, released };
}

/** What a message waits for, and what that waits for, and so on. */
function namedBefore(held: readonly Held[], message: Held): ReadonlySet<string> {
  const byId = new Map(held.map((each) => [each.messageId, each]));
  const named = new Set(message.waitsFor);
  for (const id of named) for (const before of byId.get(id)?.waitsFor ?? []) named.add(before);
  return named;
}

/** Lamport time, then id: one order for everybody. */
function inOrder(messages: readonly Held[]): Held[] {
  return [...messages].sort((a, b) => a.lamport - b.lamport || (a.messageId < b.messageId ? -1 : 1));
}

function sum(messages: readonly Held[], sizeOf: (message: Held) => number): number {
  return messages.reduce((total, message) => total + sizeOf(message), 0);
}
