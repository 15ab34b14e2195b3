/**
 * One binary form of a channel's state, for the message database. It is never sent. Version 1, of the time when there
 * was only the compact form and nothing but gaps and acknowledgements, is still read.
 * @module
 */
import { type Held, MAX_HELD, MAX_WAITS } from "./hold.ts";
import { MAX_REQUESTED } from "./repair.ts";
import { invalid, SnapshotReader, SnapshotWriter } from "./snapshot-bytes.ts";
import {
  type ChannelState,
  MAX_HEADS,
  MAX_LOST,
  MAX_MISSING,
  MAX_OUTSTANDING,
  MAX_TO_ACKNOWLEDGE,
  type Missing,
  type Outstanding,
  openChannel,
  type Requested,
} from "./state.ts";

const VERSION = 2;

/**
 * Version 2: version (1), form (1: 0 compact, 1 full), participant, in the full form channel, Lamport time (8), 0 or 1
 * own previous ids (count 1), then lists (count 4): ids to acknowledge, heads, lost ids, outstanding messages (id,
 * attempts 1, due 8, flags 1), missing ones (id, since 8, flags 1, then what they announce: request due 8 and attempts 1,
 * sender), held ones (id, Lamport time 8, size 8, since 8, flags 1, list of ids), requested ones (id, due 8, flags 1);
 * next answer (8). Names are UTF-8 after their length (2).
 */
export function encodeState(state: ChannelState): Uint8Array {
  const isFull = state.channelId !== undefined;
  const writer = new SnapshotWriter({ isFull });
  const id = (messageId: string) => writer.id(messageId);
  writer.byte(VERSION);
  writer.byte(Number(isFull));
  writer.name(state.participantId);
  if (state.channelId !== undefined) writer.name(state.channelId);
  writer.time(state.lamport);
  writer.byte(Number(state.previousId !== undefined));
  if (state.previousId !== undefined) writer.id(state.previousId);
  for (const ids of [state.toAcknowledge, state.heads, state.lost]) writer.list(ids, id);
  writer.list(state.outstanding, ({ messageId, attempts, dueMs, isPossiblyAcknowledged }) => {
    writer.id(messageId);
    writer.byte(attempts);
    writer.time(dueMs);
    writer.flags(isPossiblyAcknowledged === true);
  });
  writer.list(state.missing, ({ messageId, sinceMs, isOvertaken, request, sender }) => {
    writer.id(messageId);
    writer.time(sinceMs);
    writer.flags(isOvertaken === true, request !== undefined, request?.isPostponed === true, sender !== undefined);
    if (request !== undefined) {
      writer.time(request.dueMs);
      writer.byte(request.attempts);
    }
    if (sender !== undefined) writer.name(sender);
  });
  writer.list(state.held, ({ messageId, lamport, sizeBytes, sinceMs, isLate, waitsFor }) => {
    writer.id(messageId);
    for (const value of [lamport, sizeBytes, sinceMs]) writer.time(value);
    writer.flags(isLate);
    writer.list(waitsFor, id);
  });
  writer.list(state.requested, ({ messageId, dueMs, isAnswered }) => {
    writer.id(messageId);
    writer.time(dueMs);
    writer.flags(isAnswered);
  });
  writer.time(state.nextAnswerMs);
  return writer.finish();
}

/** @throws `SdsError` `INVALID_STATE` for anything that no version of {@link encodeState} wrote */
export function decodeState(bytes: Uint8Array): ChannelState {
  const reader = new SnapshotReader(bytes);
  const version = reader.byte();
  if (version !== 1 && version !== VERSION) throw invalid(`version: want 1 or ${VERSION}, got ${version}`);
  const state = version === 1 ? readVersion1(reader) : readVersion2(reader);
  reader.finish();
  return state;
}

function readVersion2(reader: SnapshotReader): ChannelState {
  const form = reader.byte();
  if (form > 1) throw invalid(`form: want 0 or 1, got ${form}`);
  reader.idForm = { isFull: form === 1 };
  const participantId = reader.name();
  if (form === 0 && participantId !== "I" && participantId !== "R") throw invalid("side: want I or R, got another");
  const channelId = form === 1 ? reader.name() : undefined;
  const id = () => reader.id();
  return {
    participantId,
    channelId,
    lamport: reader.time(),
    previousId: readPreviousId(reader),
    toAcknowledge: reader.list(MAX_TO_ACKNOWLEDGE, id),
    heads: reader.list(MAX_HEADS, id),
    lost: reader.list(MAX_LOST, id),
    outstanding: reader.list(MAX_OUTSTANDING, () => readOutstanding(reader)),
    missing: reader.list(MAX_MISSING, () => readMissing(reader)),
    held: reader.list(MAX_HELD, () => readHeld(reader)),
    requested: reader.list(MAX_REQUESTED, () => readRequested(reader)),
    nextAnswerMs: reader.time(),
  };
}

/**
 * Version (1), side (1, ASCII), Lamport time (8), 0 or 1 own previous ids (count 1), then lists (count 4): ids to
 * acknowledge, outstanding messages (id, attempts 1, due 8), missing ones (id, since 8). Ids have 16 bytes.
 */
function readVersion1(reader: SnapshotReader): ChannelState {
  const side = String.fromCharCode(reader.byte());
  if (side !== "I" && side !== "R") throw invalid("side: want I or R, got another");
  return {
    ...openChannel(side),
    lamport: reader.time(),
    previousId: readPreviousId(reader),
    toAcknowledge: reader.list(MAX_TO_ACKNOWLEDGE, () => reader.id()),
    outstanding: reader.list(MAX_OUTSTANDING, () => ({
      messageId: reader.id(),
      attempts: reader.byte(),
      dueMs: reader.time(),
    })),
    missing: reader.list(MAX_MISSING, () => ({ messageId: reader.id(), sinceMs: reader.time() })),
  };
}

function readPreviousId(reader: SnapshotReader): string | undefined {
  const count = reader.byte();
  if (count > 1) throw invalid(`previous ids: want 0 or 1, got ${count}`);
  return count === 1 ? reader.id() : undefined;
}

function readOutstanding(reader: SnapshotReader): Outstanding {
  const message = { messageId: reader.id(), attempts: reader.byte(), dueMs: reader.time() };
  const [isPossiblyAcknowledged] = reader.flags(1);
  return { ...message, ...(isPossiblyAcknowledged && { isPossiblyAcknowledged }) };
}

function readMissing(reader: SnapshotReader): Missing {
  const gap = { messageId: reader.id(), sinceMs: reader.time() };
  const [isOvertaken, hasRequest, isPostponed = false, hasSender] = reader.flags(4);
  if (isPostponed && !hasRequest) throw invalid("flags: want a request that is postponed, got none");
  return {
    ...gap,
    ...(isOvertaken && { isOvertaken }),
    ...(hasRequest && { request: { dueMs: reader.time(), attempts: reader.byte(), isPostponed } }),
    ...(hasSender && { sender: reader.name() }),
  };
}

function readHeld(reader: SnapshotReader): Held {
  const message = { messageId: reader.id(), lamport: reader.time(), sizeBytes: reader.time(), sinceMs: reader.time() };
  const [isLate = false] = reader.flags(1);
  return { ...message, isLate, waitsFor: reader.list(MAX_WAITS, () => reader.id()) };
}

function readRequested(reader: SnapshotReader): Requested {
  const request = { messageId: reader.id(), dueMs: reader.time() };
  const [isAnswered = false] = reader.flags(1);
  return { ...request, isAnswered };
}
