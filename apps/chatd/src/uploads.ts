/**
 * Files on their way into the daemon. All of them together are bounded, since a file is held until it is sent.
 * @module
 */
import { ChatError } from "@chat/sdk";
import { DaemonError } from "./errors.ts";
import type { SendFileRequest, SendFileRequest_Header } from "./gen/chat/daemon/v1/message_pb.ts";

const MAX_FILE_BYTES = 100 * 1024 * 1024;
const MAX_CHUNK_BYTES = 1024 * 1024;
const DRAIN_MS = 5_000;
export const MAX_UPLOAD_BYTES = 256 * 1024 * 1024;

export type Upload = { readonly header: SendFileRequest_Header; readonly bytes: Uint8Array };

export class Uploads {
  readonly #maxBytes: number;
  #reserved = 0;

  constructor(maxBytes = MAX_UPLOAD_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** Of files that are under way. */
  get reservedBytes(): number {
    return this.#reserved;
  }

  /**
   * Takes a file from its stream, and keeps its place among the uploads until `use` is done with it.
   * @throws {@link DaemonError} `INVALID_OPTION`, `UPLOADS_FULL`; `ChatError` `MESSAGE_TOO_LARGE`
   */
  async take<Result>(parts: AsyncIterable<SendFileRequest>, use: (upload: Upload) => Promise<Result>): Promise<Result> {
    const iterator = parts[Symbol.asyncIterator]();
    try {
      return await this.#take(iterator, use);
    } catch (error) {
      // A caller that still sends would see the connection break instead of the reason.
      await drain(iterator);
      throw error;
    }
  }

  async #take<Result>(
    parts: AsyncIterator<SendFileRequest>,
    use: (upload: Upload) => Promise<Result>,
  ): Promise<Result> {
    const first = await parts.next();
    const part = first.done === true ? undefined : first.value.part;
    if (part?.case !== "header") throw new DaemonError("INVALID_OPTION", "upload: want a header first, got none");
    const header = part.value;
    const size = sizeOf(header);
    this.#reserve(size);
    try {
      return await use({ header, bytes: await gather(parts, size) });
    } finally {
      this.#reserved -= size;
    }
  }

  #reserve(size: number): void {
    if (this.#reserved + size > this.#maxBytes) {
      const message = `uploads: want ${this.#maxBytes} bytes under way at most, got more; try again later`;
      throw new DaemonError("UPLOADS_FULL", message, { retryable: true });
    }
    this.#reserved += size;
  }
}

function sizeOf({ size }: SendFileRequest_Header): number {
  if (size <= BigInt(MAX_FILE_BYTES)) return Number(size);
  throw new ChatError("MESSAGE_TOO_LARGE", `header.size: want ${MAX_FILE_BYTES} bytes at most, got ${size}`);
}

/** Takes what is under way and keeps none of it; for as long, and as much, as a local caller may need to notice. */
async function drain(parts: AsyncIterator<SendFileRequest>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, DRAIN_MS);
  const rest = async () => {
    for (let drained = 0; drained < MAX_FILE_BYTES; ) {
      const { done, value } = await parts.next();
      if (done === true) return;
      drained += value.part.case === "chunk" ? value.part.value.length : 1;
    }
  };
  await Promise.race([rest(), late]).catch(() => {}); // the caller has gone: nobody is left to be told
  clearTimeout(timer);
}

/** Memory grows with what has come, not with what was announced. */
async function gather(parts: AsyncIterator<SendFileRequest>, size: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (let next = await parts.next(); next.done !== true; next = await parts.next()) {
    const { part } = next.value;
    if (part.case !== "chunk") throw new DaemonError("INVALID_OPTION", "upload: want chunks after the header");
    if (part.value.length > MAX_CHUNK_BYTES) {
      throw new DaemonError("INVALID_OPTION", `chunk: want 1 MiB at most, got ${part.value.length} bytes`);
    }
    length += part.value.length;
    if (length > size) break;
    chunks.push(part.value);
  }
  if (length !== size)
    throw new DaemonError(
      "INVALID_OPTION",
      `upload: want the ${size} bytes of header.size, got ${length > size ? "more" : length}`,
    );
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
