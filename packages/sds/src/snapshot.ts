/**
 * One binary form of a channel's state, for the message database. It is never sent.
 *
 * Version 1, integers big-endian: version (1), side (1, ASCII), Lamport time (8), 0 or 1 own previous ids (1, then 16
 * for it), number of ids to acknowledge (4, then 16 each), number of outstanding messages (4, then id 16, attempts 1,
 * due 8 each), number of missing ones (4, then id 16, since 8 each).
 * @module
 */
import { SdsError } from "./errors.ts";
import { idToBytes, idToHex, MESSAGE_ID_BYTES } from "./message-id.ts";
import type { ChannelState } from "./state.ts";

const VERSION = 1;
const HEAD_BYTES = 1 + 1 + 8 + 1 + 3 * 4;
const OUTSTANDING_BYTES = MESSAGE_ID_BYTES + 1 + 8;
const MISSING_BYTES = MESSAGE_ID_BYTES + 8;

export function encodeState(state: ChannelState): Uint8Array {
  const { side, lamport, previousId, toAcknowledge, outstanding, missing } = state;
  const previousIds = previousId === undefined ? [] : [previousId];
  const writer = createWriter(
    HEAD_BYTES +
      (previousIds.length + toAcknowledge.length) * MESSAGE_ID_BYTES +
      outstanding.length * OUTSTANDING_BYTES +
      missing.length * MISSING_BYTES,
  );
  writer.byte(VERSION);
  writer.byte(side.charCodeAt(0));
  writer.time(lamport);
  writer.byte(previousIds.length);
  for (const id of previousIds) writer.id(id);
  writer.count(toAcknowledge.length);
  for (const id of toAcknowledge) writer.id(id);
  writer.count(outstanding.length);
  for (const { messageId, attempts, dueMs } of outstanding) {
    writer.id(messageId);
    writer.byte(attempts);
    writer.time(dueMs);
  }
  writer.count(missing.length);
  for (const { messageId, sinceMs } of missing) {
    writer.id(messageId);
    writer.time(sinceMs);
  }
  return writer.bytes;
}

/** @throws {@link SdsError} `INVALID_STATE` for anything that {@link encodeState} did not write */
export function decodeState(bytes: Uint8Array): ChannelState {
  const reader = createReader(bytes);
  const version = reader.byte();
  if (version !== VERSION) throw invalid(`version: want ${VERSION}, got ${version}`);
  const side = String.fromCharCode(reader.byte());
  if (side !== "I" && side !== "R") throw invalid("side: want I or R, got another");
  const lamport = reader.time();
  const previousCount = reader.byte();
  if (previousCount > 1) throw invalid(`previous ids: want 0 or 1, got ${previousCount}`);
  const previousId = previousCount === 1 ? reader.id() : undefined;
  const toAcknowledge = reader.list(MESSAGE_ID_BYTES, () => reader.id());
  const outstanding = reader.list(OUTSTANDING_BYTES, () => ({
    messageId: reader.id(),
    attempts: reader.byte(),
    dueMs: reader.time(),
  }));
  const missing = reader.list(MISSING_BYTES, () => ({ messageId: reader.id(), sinceMs: reader.time() }));
  if (reader.remaining() > 0) throw invalid(`end: want no more bytes, got ${reader.remaining()}`);
  return { side, lamport, previousId, toAcknowledge, outstanding, missing };
}

function createWriter(length: number) {
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  let offset = 0;
  const advance = (by: number): number => {
    offset += by;
    return offset - by;
  };
  return {
    bytes,
    byte: (value: number) => view.setUint8(advance(1), value),
    count: (value: number) => view.setUint32(advance(4), value),
    time: (value: number) => view.setBigUint64(advance(8), BigInt(value)),
    id: (id: string) => bytes.set(idToBytes(id), advance(MESSAGE_ID_BYTES)),
  };
}

function createReader(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;
  const advance = (by: number): number => {
    const start = offset;
    if (by > bytes.length - start) throw invalid(`length: want ${start + by} bytes or more, got ${bytes.length}`);
    offset += by;
    return start;
  };
  const remaining = () => bytes.length - offset;
  return {
    remaining,
    byte: () => view.getUint8(advance(1)),
    time: () => {
      const value = Number(view.getBigUint64(advance(8)));
      if (!Number.isSafeInteger(value)) throw invalid("time: want milliseconds below 2^53, got more");
      return value;
    },
    id: () => {
      const start = advance(MESSAGE_ID_BYTES);
      return idToHex(bytes.subarray(start, start + MESSAGE_ID_BYTES));
    },
    list: <Entry>(entryBytes: number, read: () => Entry): Entry[] => {
      const length = view.getUint32(advance(4));
      if (length * entryBytes > remaining()) {
        throw invalid(`list: want ${length} entries of ${entryBytes} bytes, got ${remaining()} bytes`);
      }
      return Array.from({ length }, read);
    },
  };
}

function invalid(message: string): SdsError {
  return new SdsError("INVALID_STATE", message);
}
