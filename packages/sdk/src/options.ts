/**
 * Options of the client: defaults and checks in one place.
 * @module
 */
import type { Store } from "@chat/store";
import { type Clock, systemClock } from "./clock.ts";
import type { DeliveryService } from "./delivery/delivery-service.ts";
import { ChatError } from "./errors.ts";

/** Waku service nodes to use, and the network they belong to. */
export interface WakuNetwork {
  /**
   * WebSocket multiaddrs, as `devnet --json` prints them: `/ip4/127.0.0.1/tcp/60000/ws/p2p/16Uiu2…`. With the peer id
   * at the end, only that node is accepted there.
   */
  readonly peers: readonly string[];
  /** @default 42, the devnet's */
  readonly clusterId?: number;
  /** Number of shards for autosharding. @default 8 */
  readonly shards?: number;
  /** Leading bits of a mailbox bucket, 0 to 32; all clients of a network must agree. @default 0 */
  readonly mailboxBits?: number;
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
  /** @default the system's */
  readonly clock?: Clock;
}

export type ResolvedOptions = Required<Omit<ChatClientOptions, "databaseKey">> & Pick<ChatClientOptions, "databaseKey">;

/** @throws {@link ChatError} `INVALID_OPTION`, naming the option and what it takes */
export function resolveOptions(options: ChatClientOptions): ResolvedOptions {
  const resolved: ResolvedOptions = {
    whenUnreachable: "fail",
    connectTimeoutMs: 10_000,
    acknowledgementDelayMs: 2000,
    clock: systemClock,
    ...options,
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

function invalid(option: string, wanted: string, seen: unknown): ChatError {
  return new ChatError("INVALID_OPTION", `${option}: want ${wanted}, got ${String(seen)}`);
}
