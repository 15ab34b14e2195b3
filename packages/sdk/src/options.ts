/**
 * Options of the client: defaults and checks in one place.
 * @module
 */
import type { AnyContent, ContentType } from "@chat/codec";
import type { QuotaSource } from "@chat/ratelimit";
import type { Store } from "@chat/store";
import { type Clock, systemClock } from "./clock.ts";
import type { DeliveryService } from "./delivery/delivery-service.ts";
import { invalid } from "./errors.ts";
import { isDeliveryService, type Network, type ResolvedWakuNetwork, resolveNetwork } from "./network-options.ts";
import { NETWORK_PRESETS, type NetworkPreset } from "./network-presets.ts";
import { type Logger, SILENT } from "./observability/logger.ts";
import type { Requests } from "./peers/requests.ts";
import type { RandomSource } from "./random-source.ts";

/** How much the network lets one sender publish, and how much of that may wait. */
export interface RateLimit {
  /** @default that of the network's preset; of a source, what the source says, which this may lower only */
  readonly messagesPerEpoch?: number;
  /** @default 600 */
  readonly epochSeconds?: number;
  /** Share of the limit that is kept for critical messages: 0 to below 1. @default 0.3 */
  readonly lowShare?: number;
  /** Where epoch and limit come from, such as an RLN membership. @default the clock */
  readonly source?: QuotaSource;
  /** Envelopes that may wait to leave. @default 100_000 */
  readonly maxMessages?: number;
  /** Of all that waits. @default 268_435_456 (256 MiB) */
  readonly maxBytes?: number;
}

export interface ChatClientOptions {
  /**
   * Path of the SQLite file, made when it is not there; `null` keeps everything in memory; or a store of your own,
   * which the client closes.
   */
  readonly database: string | null | Store;
  /**
   * Seals the database: 32 bytes, or a passphrase. Without it, a key is made and kept in `<database>.key`, which
   * protects copies of the database file alone.
   */
  readonly databaseKey?: Uint8Array | string;
  /**
   * Service nodes to connect to, a network that is known by name, or a whole one of your own (which the client then does
   * not close).
   */
  readonly network: Network;
  /** @default that of `network.preset`; for a network of your own, that of `"twn"`: 100 messages in 600 s */
  readonly rateLimit?: NetworkPreset | RateLimit;
  /**
   * `"fail"`: `create` rejects with `PEER_UNREACHABLE` when no service node answers.
   * `"queue"`: it starts offline, keeps trying, and messages wait in the outbox. @default "fail"
   */
  readonly whenUnreachable?: "fail" | "queue";
  /** How long `create` waits for a service node. @default 10_000 */
  readonly connectTimeoutMs?: number;
  /**
   * Mean of the random delay of a confirmation, 0 to 60,000 (0: at once). A random delay hides who answers whom.
   * @default 2_000
   */
  readonly acknowledgementDelayMs?: number;
  /**
   * Content types of the application's own, from `defineContentType`, beside those that are supplied. @default none
   */
  readonly contentTypes?: readonly ContentType<AnyContent>[];
  /**
   * Lets `find({ text })` search in what messages say. The index is made anew in memory when it is first asked for, so that
   * nothing of it is on the disk. For a `Store` of your own, it is yours to open it so. @default false
   */
  readonly search?: boolean;
  /**
   * Which conversations that somebody else opens are requests, until `accept()` or a message of one's own: those that began
   * with a link for many, all, or none. Nothing is sent to a request, no confirmation either, and it stores 100 messages
   * and 1 MiB at most. @default "multi-use"
   */
  readonly requests?: Requests;
  /**
   * Tells the other side how far the user has read, when `conversation.markRead` is called. What the other side tells is
   * shown in any case. Off, because when somebody reads is their own business: that a message arrived is told anyway, and
   * whoever waits for an answer learns from a receipt that the other was there. @default false
   */
  readonly readReceipts?: boolean;
  /** Told what the client does, without content, keys, links or accounts: `console`, or one of your own. @default nobody */
  readonly logger?: Logger;
  /** @default the system's */
  readonly clock?: Clock;
}

export type ResolvedRateLimit = Pick<RateLimit, "messagesPerEpoch" | "lowShare" | "source"> &
  Required<Pick<RateLimit, "epochSeconds" | "maxMessages" | "maxBytes">>;

export type ResolvedOptions = Required<Omit<ChatClientOptions, "databaseKey" | "rateLimit" | "network">> &
  Pick<ChatClientOptions, "databaseKey"> &
  RandomSource & { readonly rateLimit: ResolvedRateLimit; readonly network: ResolvedWakuNetwork | DeliveryService };

/** @throws {@link ChatError} `INVALID_OPTION`, naming the option and what it takes */
export function resolveOptions(options: ChatClientOptions): ResolvedOptions {
  const network = resolveNetwork(options.network);
  const resolved: ResolvedOptions = {
    whenUnreachable: "fail",
    connectTimeoutMs: 10_000,
    acknowledgementDelayMs: 2000,
    contentTypes: [],
    search: false,
    readReceipts: false,
    requests: "multi-use",
    logger: SILENT,
    clock: systemClock,
    ...options,
    network,
    rateLimit: resolveRateLimit(network, options.rateLimit),
  };
  const { database, connectTimeoutMs, acknowledgementDelayMs, whenUnreachable } = resolved;
  if (database === "" || (typeof database !== "string" && typeof database !== "object")) {
    throw invalid("database", "a file name, null for memory, or a Store", database);
  }
  if (whenUnreachable !== "fail" && whenUnreachable !== "queue") {
    throw invalid("whenUnreachable", '"fail" or "queue"', whenUnreachable);
  }
  if (!(connectTimeoutMs > 0)) throw invalid("connectTimeoutMs", "> 0", connectTimeoutMs);
  if (!(acknowledgementDelayMs >= 0 && acknowledgementDelayMs <= 60_000)) {
    throw invalid("acknowledgementDelayMs", "0 to 60,000", acknowledgementDelayMs);
  }
  if (!["multi-use", "all", "none"].includes(resolved.requests)) {
    throw invalid("requests", '"multi-use", "all" or "none"', resolved.requests);
  }
  if (typeof resolved.readReceipts !== "boolean") throw invalid("readReceipts", "true or false", resolved.readReceipts);
  checkLogger(resolved.logger);
  return resolved;
}

const MAX_OUTBOX = { maxMessages: 100_000, maxBytes: 2 ** 28 };
const LONGEST_EPOCH_SECONDS = 365 * 24 * 60 * 60;

function resolveRateLimit(
  network: ResolvedOptions["network"],
  rateLimit: ChatClientOptions["rateLimit"],
): ResolvedRateLimit {
  const named = typeof rateLimit === "string" ? rateLimit : isDeliveryService(network) ? "twn" : network.preset;
  if (!Object.hasOwn(NETWORK_PRESETS, named))
    throw invalid("rateLimit", Object.keys(NETWORK_PRESETS).join(" or "), named);
  const { messagesPerEpoch, epochSeconds } = NETWORK_PRESETS[named];
  if (typeof rateLimit !== "object") return { messagesPerEpoch, epochSeconds, ...MAX_OUTBOX };
  // The limit of a preset must not lower that of a source.
  const limit = { ...(rateLimit.source === undefined && { messagesPerEpoch }), epochSeconds, ...MAX_OUTBOX };
  const resolved = { ...limit, ...rateLimit };
  for (const name of ["messagesPerEpoch", "maxMessages", "maxBytes"] as const) {
    const value = resolved[name] ?? 1;
    if (!(Number.isSafeInteger(value) && value >= 1)) throw invalid(`rateLimit.${name}`, "a whole number ≥ 1", value);
  }
  const seconds = resolved.epochSeconds;
  if (!(Number.isSafeInteger(seconds) && seconds >= 1 && seconds <= LONGEST_EPOCH_SECONDS)) {
    throw invalid("rateLimit.epochSeconds", `a whole number from 1 to ${LONGEST_EPOCH_SECONDS}`, seconds);
  }
  const { lowShare = 0 } = resolved;
  if (!(lowShare >= 0 && lowShare < 1)) throw invalid("rateLimit.lowShare", "0 to below 1", lowShare);
  return resolved;
}

function checkLogger(logger: Logger): void {
  for (const level of Object.keys(SILENT)) {
    const method: unknown = Reflect.get(Object(logger), level);
    if (typeof method !== "function") throw invalid(`logger.${level}`, "a function", method);
  }
}
