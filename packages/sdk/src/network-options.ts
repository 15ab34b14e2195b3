/**
 * The option `network`: service nodes, a network that is known by name, or a whole one of the application's own.
 * @module
 */
import type { DeliveryService } from "./delivery/delivery-service.ts";
import { dnsDiscovery, type PeerDiscovery } from "./delivery/discovery.ts";
import type { RlnProver } from "./delivery/rln-prover.ts";
import { invalid } from "./errors.ts";
import { NETWORK_PRESETS, type NetworkPreset } from "./network-presets.ts";

/** Waku service nodes to use, and the network they belong to. Needs `peers`, `preset` or `discovery`. */
export interface WakuNetwork {
  /**
   * WebSocket multiaddrs, as `devnet --json` prints them: `/ip4/127.0.0.1/tcp/60000/ws/p2p/16Uiu2…`. With the peer id
   * at the end, only that node is accepted there. Give two or more, so that one may fail. @default those of the preset
   */
  readonly peers?: readonly string[];
  /** Stands for cluster, shards, mailbox bits and rate limit. @default "devnet" */
  readonly preset?: NetworkPreset;
  /** Finds service nodes. @default for `"twn"` without `peers`, its list in DNS; else nobody looks */
  readonly discovery?: PeerDiscovery;
  /** @default that of the preset: 42 for the devnet, 1 for The Waku Network */
  readonly clusterId?: number;
  /** Number of shards for autosharding. @default 8 */
  readonly shards?: number;
  /**
   * Whoever proves our membership, on a network that wants RLN proofs. The limit of the membership then belongs in
   * `rateLimit.source`. A proof that cannot be made counts as a refusal: it is told by an `error` event and tried again.
   */
  readonly rln?: RlnProver;
  /** Leading bits of a mailbox bucket, 0 to 32; all clients of a network must agree. @default 0; 8 for `"twn"` */
  readonly mailboxBits?: number;
}

export type ResolvedWakuNetwork = Required<Omit<WakuNetwork, "rln" | "discovery">> &
  Pick<WakuNetwork, "rln" | "discovery">;

export type Network = NetworkPreset | WakuNetwork | DeliveryService;

const METHODS = ["publish", "subscribe", "query", "onHealthChange", "close"] as const;
/** Peers of other sorts cannot be dialled, by browsers at least. */
const WEB_SOCKET = /^\/[a-z0-9]+\/.+\/wss?(\/p2p\/\w+)?$/;

/** @throws {@link ChatError} `INVALID_OPTION` */
export function resolveNetwork(network: Network): ResolvedWakuNetwork | DeliveryService {
  if (isDeliveryService(network)) return network;
  const given = typeof network === "string" ? { preset: network } : network;
  if (typeof given !== "object" || given === null || !isWakuNetwork(given)) {
    throw invalid("network", '"twn", "devnet", { peers }, { preset } or a DeliveryService', describe(network));
  }
  const { preset = "devnet" } = given;
  if (!Object.hasOwn(NETWORK_PRESETS, preset)) {
    const option = typeof network === "string" ? "network" : "network.preset";
    throw invalid(option, Object.keys(NETWORK_PRESETS).join(" or "), preset);
  }
  const { clusterId, shards, mailboxBits, peers, enrTrees } = NETWORK_PRESETS[preset];
  const finds = given.peers === undefined && enrTrees.length > 0 && { discovery: dnsDiscovery(enrTrees) };
  const known = given.discovery === undefined ? peers : [];
  const resolved = { preset, clusterId, shards, mailboxBits, peers: known, ...finds, ...given };
  check(resolved);
  return resolved;
}

export function isDeliveryService(network: unknown): network is DeliveryService {
  return (
    typeof network === "object" &&
    network !== null &&
    METHODS.every((name) => typeof Reflect.get(network, name) === "function")
  );
}

function isWakuNetwork(given: object): given is WakuNetwork {
  return "peers" in given || "preset" in given || "discovery" in given;
}

function check({ peers, discovery, clusterId, shards, mailboxBits }: ResolvedWakuNetwork): void {
  if (!Array.isArray(peers) || (peers.length === 0 && discovery === undefined)) {
    throw invalid("network.peers", "at least one multiaddr", peers);
  }
  for (const peer of peers) {
    if (!WEB_SOCKET.test(String(peer))) {
      throw invalid("network.peers", "WebSocket multiaddrs like /ip4/127.0.0.1/tcp/60000/ws/p2p/<peer id>", peer);
    }
  }
  if (discovery !== undefined && typeof discovery?.find !== "function") {
    throw invalid("network.discovery", "an object with find()", discovery);
  }
  if (!(Number.isInteger(clusterId) && clusterId >= 0 && clusterId <= 65_535)) {
    throw invalid("network.clusterId", "an integer from 0 to 65,535", clusterId);
  }
  if (!(Number.isInteger(shards) && shards >= 1 && shards <= 1024)) {
    throw invalid("network.shards", "an integer from 1 to 1,024", shards);
  }
  if (!(Number.isInteger(mailboxBits) && mailboxBits >= 0 && mailboxBits <= 32)) {
    throw invalid("network.mailboxBits", "an integer from 0 to 32", mailboxBits);
  }
}

function describe(network: unknown): unknown {
  return typeof network === "object" && network !== null ? `{ ${Object.keys(network).join(", ")} }` : network;
}
