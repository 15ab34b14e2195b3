/**
 * How far all outgoing messages come, for callers that keep their place: the application that was stopped, the client of a
 * daemon that was away.
 * @module
 */
import type { StatusChange } from "@chat/store";
import type { Context } from "../context.ts";
import { follow } from "../follow.ts";

export interface StatusChangeOptions {
  /** Ends the iteration without an error. */
  readonly signal?: AbortSignal;
  /** Starts after the change with this `number`. @default 0, before the first one */
  readonly since?: number;
  /** Called once, when everything that was there has been taken. */
  readonly onCaughtUp?: () => void;
}

export function followStatuses(
  { store, notifier }: Pick<Context, "store" | "notifier">,
  { since = 0, signal, onCaughtUp }: StatusChangeOptions,
  closing: AbortSignal,
): AsyncGenerator<StatusChange, void, undefined> {
  const source = {
    notifier,
    read: (position: number, limit: number) => store.messages.statusChanges(position, limit),
    positionOf: ({ number }: StatusChange) => number,
    wakes: ["status"],
    onCaughtUp,
  } as const;
  return follow(source, since, signal === undefined ? closing : AbortSignal.any([signal, closing]));
}
