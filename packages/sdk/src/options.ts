/**
 * Options of the client: defaults and checks in one place.
 * @module
 */
import type { AnyContent, ContentType } from "@chat/codec";
import type { QuotaSource } from "@chat/ratelimit";
import type { Store } from "@chat/store";
import { type Clock, systemClock } from "./clock.ts";
import type { DeliveryService } from "./delivery/delivery-service.ts";
import type { RlnProver } from "./delivery/rln-prover.ts";
import { ChatError } from "./errors.ts";
import { NETWORK_PRESETS, type NetworkPreset } from "./network-presets.ts";
import { type Logger, SILENT } from "./observability/logger.ts";
import type { RandomSource } from "./random-source.ts";

/** Waku service nodes to use, and the network they belong to. */
export interface WakuNetwork {
  /**
   * WebSocket multiaddrs, as `devnet --json` prints them: `/ip4/127.0.0.1/tcp/60000/ws/p2p/16Uiu2…`. With the peer id
   * at the end, only that node is accepted there.
   */
  readonly peers: readonly string[];
  /** Stands for cluster, shards and rate limit. @default "devnet" */
  readonly preset?: NetworkPreset;
  /** @default that of the preset: 42 for the devnet, 1 for The Waku Network */
  readonly clusterId?: number;
  /** Number of shards for autosharding. @default 8 */
  readonly shards?: number;
  /**
   * Whoever proves our membership, on a network that wants RLN proofs. The limit of the membership then belongs in
   * `rateLimit.source`. A proof that cannot be made counts as a refusal: it is told by an `error` event and tried again.
   */
  readonly rln?: RlnProver;
  /** Leading bits of a mailbox bucket, 0 to 32; all clients of a network must agree. @default 0 */
  readonly mailboxBits?: number;
}

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
  /** Service nodes to connect to, or a whole network of your own (which the client then does not close). */
  readonly network: WakuNetwork | DeliveryService;
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
  /** Told what the client does, without content, keys, links or accounts: `console`, or one of your own. @default nobody */
  readonly logger?: Logger;
  /** @default the system's */
  readonly clock?: Clock;
}

export type ResolvedRateLimit = Pick<RateLimit, "messagesPerEpoch" | "lowShare" | "source"> &
  Required<Pick<RateLimit, "epochSeconds" | "maxMessages" | "maxBytes">>;

export type ResolvedOptions = Required<Omit<ChatClientOptions, "databaseKey" | "rateLimit">> &
  Pick<ChatClientOptions, "databaseKey"> &
  RandomSource & { readonly rateLimit: ResolvedRateLimit };

/** @throws {@link ChatError} `INVALID_OPTION`, naming the option and what it takes */
export function resolveOptions(options: ChatClientOptions): ResolvedOptions {
  const resolved: ResolvedOptions = {
    whenUnreachable: "fail",
    connectTimeoutMs: 10_000,
    acknowledgementDelayMs: 2000,
    contentTypes: [],
    search: false,
    logger: SILENT,
    clock: systemClock,
    ...options,
    rateLimit: resolveRateLimit(options),
  };
  const { database, network, connectTimeoutMs, acknowledgementDelayMs, whenUnreachable } = resolved;
  if (database === "" || (typeof database !== "string" && typeof database !== "object")) {
    throw invalid("database", "a file name, null for memory, or a Store", database);
  }
  if (typeof network !== "object" || network === null)
    throw invalid("network", "{ peers } or a DeliveryService", network);
  if (whenUnreachable !== "fail" && whenUnreachable !== "queue") {
    throw invalid("whenUnreachable", '"fail" or "queue"', whenUnreachable);
  }
  if (!(connectTimeoutMs > 0)) throw invalid("connectTimeoutMs", "> 0", connectTimeoutMs);
  if (!(acknowledgementDelayMs >= 0 && acknowledgementDelayMs <= 60_000)) {
    throw invalid("acknowledgementDelayMs", "0 to 60,000", acknowledgementDelayMs);
  }
  if (isWakuNetwork(network)) checkNetwork(network);
  checkLogger(resolved.logger);
  return resolved;
}

const MAX_OUTBOX = { maxMessages: 100_000, maxBytes: 2 ** 28 };
const LONGEST_EPOCH_SECONDS = 365 * 24 * 60 * 60;

function resolveRateLimit({ network, rateLimit }: ChatClientOptions): ResolvedRateLimit {
  const ofNetwork = typeof network === "object" && network !== null && isWakuNetwork(network);
  const named = typeof rateLimit === "string" ? rateLimit : ofNetwork ? (network.preset ?? "devnet") : "twn";
  if (!Object.hasOwn(NETWORK_PRESETS, named)) {
    const option = typeof rateLimit === "string" ? "rateLimit" : "network.preset";
    throw invalid(option, Object.keys(NETWORK_PRESETS).join(" or "), named);
  }
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

export function isWakuNetwork(network: WakuNetwork | DeliveryService): network is WakuNetwork {
  return "peers" in network;
}

function checkNetwork({ peers, clusterId = 0, shards = 1, mailboxBits = 0 }: WakuNetwork): void {
  if (!Array.isArray(peers) || peers.length === 0) throw invalid("network.peers", "at least one multiaddr", peers);
  for (const peer of peers) {
    if (!/^\/[a-z0-9]+\/.+\/wss?(\/p2p\/\w+)?$/.test(String(peer))) {
      throw invalid("network.peers", "WebSocket multiaddrs like /ip4/127.0.0.1/tcp/60000/ws/p2p/<peer id>", peer);
    }
  }
  if (!Number.isInteger(clusterId) || clusterId < 0) throw invalid("network.clusterId", "an integer ≥ 0", clusterId);
  if (!Number.isInteger(shards) || shards < 1) throw invalid("network.shards", "an integer ≥ 1", shards);
  if (!Number.isInteger(mailboxBits) || mailboxBits < 0 || mailboxBits > 32) {
    throw invalid("network.mailboxBits", "an integer from 0 to 32", mailboxBits);
  }
}

function checkLogger(logger: Logger): void {
  for (const level of Object.keys(SILENT)) {
    const method: unknown = Reflect.get(Object(logger), level);
    if (typeof method !== "function") throw invalid(`logger.${level}`, "a function", method);
  }
}

function invalid(option: string, wanted: string, seen: unknown): ChatError {
  return new ChatError("INVALID_OPTION", `${option}: want ${wanted}, got ${String(seen)}`);
}
