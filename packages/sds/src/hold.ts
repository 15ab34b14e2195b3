/**
 * Causal order: what arrived waits here, by name, for what it follows. Contents stay with the caller, who stores them
 * or keeps them sealed. `receive` and `expireGaps` apply these rules to a channel; a caller that rather forgets an
 * early message than accept it applies them to a list of its own.
 * @module
 */
import { SdsError } from "./errors.ts";
import { hasPassed } from "./time.ts";

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
  /** Most messages, 0 to 8,192. @default 1_024 */
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
export const MAX_HELD = 8_192;
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
  let left: readonly Held[] = [...held, message];
  const released: Held[] = [];
  const isFull = () =>
    left.length > maxHeld ||
    sum(left, ({ sizeBytes }) => sizeBytes) > maxHeldBytes ||
    sum(left, ({ waitsFor }) => waitsFor.length) > maxHeld * WAITS_FOR_EACH;
  while (isFull()) {
    const ahead = goAhead(left, inOrder(left).slice(0, 1), isOpen);
    left = ahead.held;
    released.push(...ahead.released);
  }
  return { held: left, released };
}

/** Hands out what follows nothing open any more. Call it after something was handed out, found or given up. */
export function release(held: readonly Held[], isOpen: IsOpen): Handover {
  const ids = new Set(held.map(({ messageId }) => messageId));
  const followers = new Map<string, Held[]>();
  const heldBefore = new Map<Held, number>();
  for (const message of held) {
    const { waitsFor } = message;
    if (waitsFor.some((id) => !ids.has(id) && isOpen(id))) continue;
    const before = waitsFor.filter((id) => ids.has(id));
    heldBefore.set(message, before.length);
    for (const id of before) {
      const after = followers.get(id) ?? [];
      followers.set(id, after);
      after.push(message);
    }
  }
  const released: Held[] = [];
  let ready = inOrder([...heldBefore].flatMap(([message, count]) => (count === 0 ? [message] : [])));
  while (ready.length > 0) {
    released.push(...ready);
    const next: Held[] = [];
    for (const message of ready.flatMap(({ messageId }) => followers.get(messageId) ?? [])) {
      const count = (heldBefore.get(message) ?? 0) - 1;
      heldBefore.set(message, count);
      if (count === 0) next.push(message);
    }
    ready = inOrder(next);
  }
  if (released.length === 0) return { held, released };
  const gone = new Set(released);
  return { held: held.filter((message) => !gone.has(message)), released };
}

/** The same, and what has been held for `holdMs` or longer goes ahead. */
export function releaseOverdue(held: readonly Held[], nowMs: number, holdMs: number, isOpen: IsOpen): Handover {
  const overdue = held.filter(({ sinceMs }) => hasPassed(sinceMs, holdMs, nowMs));
  return overdue.length === 0 ? release(held, isOpen) : goAhead(held, inOrder(overdue), isOpen);
}

/** Hands out `messages` and what arrived of what they follow, whatever of it is missing, and what is ready by that. */
function goAhead(held: readonly Held[], messages: readonly Held[], isOpen: IsOpen): Handover {
  const passed = namedBefore(held, messages);
  const isStillOpen = (id: string) => !passed.has(id) && isOpen(id);
  let { held: left, released } = release(held, isStillOpen);
  for (const message of messages) {
    if (!left.includes(message)) continue;
    // Somebody made messages that follow each other in a circle.
    const after = release(
      left.filter((each) => each !== message),
      isStillOpen,
    );
    left = after.held;
    released = [...released, message, ...after.released];
  }
  return { held: left, released };
}

/** What messages wait for, and what that waits for, and so on. */
function namedBefore(held: readonly Held[], messages: readonly Held[]): ReadonlySet<string> {
  const byId = new Map(held.map((each) => [each.messageId, each]));
  const named = new Set(messages.flatMap(({ waitsFor }) => waitsFor));
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
