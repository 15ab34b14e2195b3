/**
 * What a subscriber is told: messages and steps in order from its cursor on, then as they come, read from the database at
 * its own speed.
 * @module
 */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { ChatClient, ChatEvent, IncomingMessage, StatusChange } from "@chat/sdk";
import { statusToWire } from "./convert/enums.ts";
import { eventToWire } from "./convert/event.ts";
import { messageToWire } from "./convert/message.ts";
import { atMost, BEGINNING, type Cursor, readCursor, writeCursor } from "./cursor.ts";
import { DaemonError } from "./errors.ts";
import {
  type SubscribeRequest,
  type SubscribeResponse,
  SubscribeResponseSchema,
} from "./gen/chat/daemon/v1/message_pb.ts";
import { merge } from "./merge.ts";

type Item =
  | { readonly kind: "message"; readonly message: IncomingMessage }
  | { readonly kind: "change"; readonly change: StatusChange }
  | { readonly kind: "event"; readonly event: ChatEvent }
  | { readonly kind: "caughtUp" };

type Place = Pick<SubscribeRequest, "cursor" | "onlyNew" | "events">;

/** Ends on `signal`, and when the account is closed. @throws {@link DaemonError} `CURSOR_INVALID` */
export async function* subscribe(
  client: ChatClient,
  place: Place,
  signal: AbortSignal,
): AsyncGenerator<SubscribeResponse, void, undefined> {
  const leaving = new AbortController();
  const ended = AbortSignal.any([signal, leaving.signal]);
  // Before anything is read, so that no event is missed behind it.
  const events = place.events ? client.events({ signal: ended }) : undefined;
  let cursor = await startOf(client, place);
  const messages = Promise.withResolvers<void>();
  const changes = Promise.withResolvers<void>();
  const streams: AsyncIterable<Item>[] = [
    mapped(
      client.messages({ since: cursor.sequence, signal: ended, onCaughtUp: messages.resolve }),
      (message) => ({ kind: "message", message }) as const,
    ),
    mapped(
      client.statusChanges({ since: cursor.statusChange, signal: ended, onCaughtUp: changes.resolve }),
      (change) => ({ kind: "change", change }) as const,
    ),
    caughtUp(Promise.all([messages.promise, changes.promise]), ended),
    ...(events ? [mapped(events, (event) => ({ kind: "event", event }) as const)] : []),
  ];
  try {
    for await (const item of merge(streams)) {
      cursor = behind(cursor, item);
      const told = itemToWire(item);
      if (told !== undefined) yield create(SubscribeResponseSchema, { cursor: writeCursor(cursor), item: told });
    }
  } finally {
    leaving.abort();
  }
}

async function startOf(client: ChatClient, { cursor, onlyNew }: Place): Promise<Cursor> {
  if (onlyNew && cursor !== "") {
    throw new DaemonError("CURSOR_INVALID", "cursor: want none together with only_new, got one");
  }
  if (onlyNew) return client.latest();
  return cursor === "" ? BEGINNING : atMost(readCursor(cursor), await client.latest());
}

function behind(cursor: Cursor, item: Item): Cursor {
  if (item.kind === "message") return { ...cursor, sequence: item.message.sequence };
  if (item.kind === "change") return { ...cursor, statusChange: item.change.number };
  return cursor;
}

function itemToWire(item: Item): MessageInitShape<typeof SubscribeResponseSchema>["item"] {
  switch (item.kind) {
    case "message":
      return { case: "message", value: messageToWire(item.message) };
    case "change": {
      const { messageId, conversationId, status } = item.change;
      return { case: "statusChange", value: { messageId, conversationId, status: statusToWire(status) } };
    }
    case "caughtUp":
      return { case: "caughtUp", value: {} };
    case "event": {
      const event = eventToWire(item.event);
      return event && { case: "event", value: event };
    }
  }
}

async function* caughtUp(both: Promise<unknown>, ended: AbortSignal): AsyncGenerator<Item, void, undefined> {
  const left = Promise.withResolvers<void>();
  const leave = () => left.resolve();
  ended.addEventListener("abort", leave);
  await Promise.race([both, left.promise]);
  ended.removeEventListener("abort", leave);
  if (!ended.aborted) yield { kind: "caughtUp" };
}

async function* mapped<Value>(
  values: AsyncIterable<Value>,
  toItem: (value: Value) => Item,
): AsyncGenerator<Item, void, undefined> {
  for await (const value of values) yield toItem(value);
}
