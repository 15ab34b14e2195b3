/**
 * From errors of the SDK and the daemon to the status of a call: the code of the error travels as its detail.
 * @module
 */
import { create } from "@bufbuild/protobuf";
import { CodecError } from "@chat/codec";
import { ChatError, StoreError } from "@chat/sdk";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { DaemonError } from "./errors.ts";
import { ErrorDetailSchema } from "./gen/chat/daemon/v1/error_pb.ts";
import type { Log } from "./log.ts";

type ErrorCode = (ChatError | StoreError | CodecError | DaemonError)["code"];

/** What is not named here is a mistake in the arguments, or `FailedPrecondition`, by its class. */
const STATUS: Partial<Record<ErrorCode, Code>> = {
  INVALID_OPTION: Code.InvalidArgument,
  INVALID_INVITE: Code.InvalidArgument,
  INVALID_CONTENT: Code.InvalidArgument,
  MESSAGE_TOO_LARGE: Code.InvalidArgument,
  CURSOR_INVALID: Code.InvalidArgument,
  TOO_MANY_INVITES: Code.ResourceExhausted,
  CONVERSATION_FULL: Code.ResourceExhausted,
  OUTBOX_FULL: Code.ResourceExhausted,
  UPLOADS_FULL: Code.ResourceExhausted,
  MESSAGE_DROPPED: Code.Aborted,
  MESSAGE_CANCELLED: Code.Aborted,
  MESSAGE_FAILED: Code.Aborted,
  PEER_UNREACHABLE: Code.Unavailable,
  DELIVERY_REFUSED: Code.Unavailable,
  NOT_FOUND: Code.NotFound,
  WRONG_KEY: Code.PermissionDenied,
  KEY_UNAVAILABLE: Code.PermissionDenied,
  CORRUPT: Code.DataLoss,
  IO: Code.Internal,
  INTERNAL: Code.Internal,
  UNAUTHENTICATED: Code.Unauthenticated,
};

/** These pass when the daemon, or the disk, is well again. */
const RETRYABLE: readonly ErrorCode[] = ["PEER_UNREACHABLE", "CONVERSATION_FULL", "OUTBOX_FULL", "STORE_LOCKED", "IO"];

/** Turns whatever a service throws into a status; what nobody foresaw is written to the log and not told. */
export function callErrors(log: Log): Interceptor {
  return (next) => async (request) => {
    const toStatus = (error: unknown) => statusOf(error, log, request.signal);
    try {
      const response = await next(request);
      return response.stream ? { ...response, message: withStatus(response.message, toStatus) } : response;
    } catch (error) {
      throw toStatus(error);
    }
  };
}

async function* withStatus<Message>(
  messages: AsyncIterable<Message>,
  toStatus: (error: unknown) => ConnectError,
): AsyncGenerator<Message, void, undefined> {
  try {
    yield* messages;
  } catch (error) {
    throw toStatus(error);
  }
}

function statusOf(error: unknown, log: Log, signal: AbortSignal): ConnectError {
  if (error instanceof ConnectError) return error;
  if (isOurs(error)) {
    const { code, message } = error;
    const retryable = RETRYABLE.includes(code) || ("retryable" in error && error.retryable);
    const status = STATUS[code] ?? Code.FailedPrecondition;
    const detail = { desc: ErrorDetailSchema, value: create(ErrorDetailSchema, { code, retryable }) };
    return new ConnectError(message, status, undefined, [detail], error);
  }
  if (signal.aborted) return new ConnectError("the caller has gone", Code.Canceled);
  log.error("a call failed", { problem: error instanceof Error ? (error.stack ?? error.message) : typeof error });
  return statusOf(new DaemonError("INTERNAL", "a mistake of the daemon; its log says more"), log, signal);
}

function isOurs(error: unknown): error is ChatError | StoreError | CodecError | DaemonError {
  return [ChatError, StoreError, CodecError, DaemonError].some((kind) => error instanceof kind);
}
