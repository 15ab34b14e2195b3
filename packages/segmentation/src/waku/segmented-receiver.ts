/**
 * Whole payloads out of decoded Waku messages, wherever they come from: filter, store, relay.
 * @module
 */
import type { IDecodedMessage } from "@waku/sdk";
import type { ReassemblerOptions } from "../options.ts";
import { Reassembler } from "../receiving/reassembler.ts";
import type { AcceptResult, DiscardReason, IncompleteReport } from "../receiving/results.ts";
import { keyOf } from "../receiving/set-key.ts";
import { parseSegment, setIdOf } from "../segment.ts";
import { backgroundClock, type WakuClock } from "./clock.ts";
import { RecentKeys } from "./recent-keys.ts";
import { MAX_WAKU_MESSAGE_SIZE } from "./sizes.ts";

/** What is used of a decoded message. */
export type ReceivedMessage = Pick<IDecodedMessage, "payload" | "hashStr">;

/** A segment that was taken, and how far its set is. */
export type ReceiveProgress = Extract<AcceptResult, { readonly kind: "pending" }>;

/** Callbacks may be asynchronous; nothing waits for them. */
export type SegmentedReceiverOptions<Message> = Omit<ReassemblerOptions, "maxMessageSize" | "clock" | "observer"> & {
  /** Largest payload of one message that is taken; senders may use less. @default 153_600 */
  readonly maxMessageSize?: number;
  /** Takes the random bytes away that the sender put in front, see {@link ReassemblerOptions}. @default true */
  readonly blind?: boolean;
  /**
   * Who sent a message, as far as its signature proves: segments of different senders never mix, and each sender has
   * bounds of their own. @default nobody is told apart
   */
  readonly senderOf?: (message: Message) => string | undefined;
  readonly onProgress?: (progress: ReceiveProgress, message: Message) => void;
  /** A payload that will not become whole, and why. */
  readonly onIncomplete?: (report: IncompleteReport) => void;
  /** A message that was not taken; duplicates are not mentioned. */
  readonly onDiscarded?: (reason: DiscardReason, message: Message) => void;
  /** What the callbacks above, and the one for payloads, throw. Without it that is lost. */
  readonly onError?: (error: unknown) => void;
  readonly clock?: WakuClock;
};

/** How many payloads are remembered, so that the store does not bring back what filter brought. */
const REMEMBERED_PAYLOADS = 10_000;

/** How many times per `timeoutMs` it is looked for sets that timed out. */
const TICKS_PER_TIMEOUT = 10;

export class SegmentedReceiver<Message extends ReceivedMessage = IDecodedMessage> {
  readonly #onPayload: (payload: Uint8Array, message: Message) => void;
  readonly #options: SegmentedReceiverOptions<Message>;
  readonly #reassembler: Reassembler;
  readonly #clock: WakuClock;
  readonly #isBlind: boolean;
  readonly #tickMs: number;
  readonly #given = new RecentKeys(REMEMBERED_PAYLOADS);
  #cancelTick: (() => void) | undefined;
  #isClosed = false;

  /**
   * @param onPayload - gets each payload once, with the message that made it whole
   * @throws {@link SegmentationError} `INVALID_OPTION`
   */
  constructor(
    onPayload: (payload: Uint8Array, message: Message) => void,
    options: SegmentedReceiverOptions<Message> = {},
  ) {
    const { maxMessageSize = MAX_WAKU_MESSAGE_SIZE, blind = true, timeoutMs = 300_000, ...others } = options;
    const { clock = backgroundClock } = options;
    this.#onPayload = onPayload;
    this.#options = options;
    this.#clock = clock;
    this.#isBlind = blind;
    this.#tickMs = Math.max(1, Math.ceil(timeoutMs / TICKS_PER_TIMEOUT));
    const incomplete = (report: IncompleteReport) => this.#tell(() => options.onIncomplete?.(report));
    this.#reassembler = new Reassembler({
      ...others,
      maxMessageSize,
      blind,
      timeoutMs,
      clock,
      observer: { incomplete },
    });
  }

  /**
   * Takes a decoded message, which may be a duplicate. Never throws; what comes of it goes to the callbacks.
   *
   * @param message - undefined, which filter passes on for what the decoder cannot read, is ignored
   */
  accept(message: Message | undefined): void {
    if (message === undefined || this.#isClosed) return;
    let sender: string | undefined;
    try {
      sender = this.#options.senderOf?.(message);
    } catch (error) {
      this.#options.onError?.(error);
      return;
    }
    if (this.#wasGiven(message, sender)) return;
    const result = this.#reassembler.accept(message.payload, sender === undefined ? {} : { sender });
    if (result.kind === "complete") {
      this.#given.add(result.setId === undefined ? message.hashStr : keyOf(sender ?? "", result.setId));
      this.#tell(() => this.#onPayload(result.payload, message));
    } else if (result.kind === "pending") {
      this.#tell(() => this.#options.onProgress?.(result, message));
    } else if (result.reason !== "duplicate") {
      this.#tell(() => this.#options.onDiscarded?.(result.reason, message));
    }
    this.#tickLater();
  }

  /** Ends all callbacks and timers. What is half received is lost. */
  close(): void {
    this.#isClosed = true;
    this.#cancelTick?.();
  }

  /**
   * The reassembler remembers a complete set for `timeoutMs`, and no payload that came as it is. A blinded set is never
   * sent twice, so it may be known for longer; plain LIP-243 has one name for all sendings of a payload.
   */
  #wasGiven({ payload, hashStr }: Message, sender: string | undefined): boolean {
    const parsed = parseSegment(payload);
    if (parsed.kind !== "segment") return this.#given.has(hashStr);
    return this.#isBlind && this.#given.has(keyOf(sender ?? "", setIdOf(parsed.segment)));
  }

  /** Sets that got nothing more are found by time alone. */
  #tickLater(): void {
    if (this.#cancelTick !== undefined || this.#isClosed || this.#reassembler.bufferedBytes === 0) return;
    this.#cancelTick = this.#clock.after(this.#tickMs, () => {
      this.#cancelTick = undefined;
      this.#reassembler.expire();
      this.#tickLater();
    });
  }

  /** What a callback throws must not end the subscription, nor be the end of a message. */
  #tell(callback: () => void): void {
    const told = (async () => callback())();
    told.catch((error: unknown) => this.#options.onError?.(error));
  }
}
