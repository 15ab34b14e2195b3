/**
 * Starts a devnet: one service node or several, linked by relay.
 * @module
 */
import { isIP } from "node:net";
import type { DevnetNode } from "./devnet-node.ts";
import { DevnetError } from "./errors.ts";
import type { FaultOptions } from "./faults.ts";
import type { ResolvedRetention, Retention } from "./message-archive.ts";
import { DEVNET_CLUSTER_ID, DEVNET_SHARDS } from "./network.ts";
import { openNodeFiles } from "./node-files.ts";
import { heal, partition } from "./partition.ts";
import type { PeerLimits, ResolvedLimits } from "./peer-limits.ts";
import { type DevnetRln, RlnMembers, type RlnOptions } from "./rln/devnet-rln.ts";
import { rememberStored } from "./rln/remember.ts";
import { ServiceNode } from "./service-node.ts";
import { type Observer, Observers } from "./watch/events.ts";

export interface DevnetOptions {
  /** How many service nodes, 1 to 16. @default 1 */
  readonly nodes?: number;
  /** The IP address to listen on. @default "127.0.0.1" */
  readonly host?: string;
  /** WebSocket port of the first node; the others follow. 0 takes any free port for each. @default 0 */
  readonly port?: number;
  /** Where keys and messages are kept between runs; null keeps them in memory. @default null */
  readonly dataDir?: string | null;
  /** 0 to 65535. @default 42 */
  readonly clusterId?: number;
  /** Autosharding: 1 to 64. @default 8 */
  readonly shards?: number;
  /** What each peer may ask of each node. */
  readonly limits?: PeerLimits;
  /** How much history each node keeps. */
  readonly retention?: Retention;
  /** Takes a line on each start and stop of a node. @default nothing is written */
  readonly log?: (line: string) => void;
  /** Faults of every node from the start. @default none */
  readonly faults?: FaultOptions;
  /** Refuses what has no proof that its sender keeps a limit. @default no limit */
  readonly rln?: RlnOptions;
}

export interface Devnet {
  readonly nodes: readonly DevnetNode[];
  /** One WebSocket multiaddr for each node, to be given to light nodes. */
  readonly peers: readonly string[];
  readonly network: { readonly clusterId: number; readonly shards: number };
  /** Undefined without the option `rln`. */
  readonly rln: DevnetRln | undefined;
  /** Sets the faults of every node; `{}` ends them. @throws {@link DevnetError} `INVALID_OPTION` */
  setFaults(faults: FaultOptions): void;
  /**
   * Splits the nodes into groups that cannot reach each other; light nodes keep their connections. A node that is in no
   * group is alone.
   * @param groups - indexes of `nodes`
   * @throws {@link DevnetError} `INVALID_OPTION`
   */
  partition(groups: readonly (readonly number[])[]): Promise<void>;
  /** Ends a partition; resolves when the nodes have caught up with each other. */
  heal(): Promise<void>;
  /** Tells what happens from now on. Returns the function that ends it. An observer must not throw. */
  observe(observer: Observer): () => void;
  /** Stops every node; nothing of the devnet keeps the process alive afterwards. Idempotent. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Resolves when all nodes serve light nodes, and a message pushed to one of them reaches the others.
 * @throws {@link DevnetError} `INVALID_OPTION`, `PORT_IN_USE`, `LISTEN_FAILED`, `DATA_DIR_UNUSABLE`, `LINK_TIMEOUT`, `RLN_FILES_UNUSABLE`
 */
export async function startDevnet(options: DevnetOptions = {}): Promise<Devnet> {
  const { nodes: count, host, port, dataDir, clusterId, shards, log, limits, retention } = resolve(options);
  const network = { clusterId, shards };
  const rln = options.rln === undefined ? undefined : new RlnMembers(options.rln, log);
  const nodes: ServiceNode[] = [];
  const observers = new Observers();
  const close = async () => {
    await Promise.all(nodes.map((node) => node.close()));
  };
  try {
    for (let index = 0; index < count; index += 1) {
      const name = `node-${index + 1}`;
      const files = await openNodeFiles(dataDir, name, retention);
      const webSocketPort = port === 0 ? 0 : port + index;
      const validator = rln?.validator();
      if (validator !== undefined) rememberStored(validator, files.archive, Date.now());
      const node = new ServiceNode({
        name,
        network,
        host,
        webSocketPort,
        files,
        siblings: () => nodes,
        log,
        limits,
        observers,
        rln: validator,
      });
      nodes.push(node);
      node.setFaults(options.faults ?? {});
      await node.start();
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    nodes,
    peers: nodes.map(({ webSocket }) => webSocket),
    network,
    rln,
    setFaults: (faults) => {
      for (const node of nodes) node.setFaults(faults);
    },
    partition: async (groups) => partition(nodes, groups),
    heal: () => heal(nodes),
    observe: (observer) => observers.add(observer),
    close,
    [Symbol.asyncDispose]: close,
  };
}

type Resolved = Required<Omit<DevnetOptions, "rln" | "limits" | "retention" | "faults">> & {
  readonly limits: ResolvedLimits;
  readonly retention: ResolvedRetention;
};

function resolve(options: DevnetOptions): Resolved {
  const { nodes = 1, host = "127.0.0.1", port = 0, dataDir = null, log = () => {} } = options;
  const { clusterId = DEVNET_CLUSTER_ID, shards = DEVNET_SHARDS } = options;
  checkInteger("nodes", nodes, 1, 16);
  checkInteger("port", port, 0, 65_535 - nodes + 1);
  checkInteger("clusterId", clusterId, 0, 65_535);
  checkInteger("shards", shards, 1, 64);
  if (isIP(host) === 0)
    throw new DevnetError("INVALID_OPTION", `host: want an IP address, got ${JSON.stringify(host)}`);
  if (dataDir === "")
    throw new DevnetError("INVALID_OPTION", "dataDir: want the path of a folder, or null, got nothing");
  const limits = resolveLimits(options.limits);
  const retention = resolveRetention(options.retention);
  return { nodes, host, port, dataDir, log, clusterId, shards, limits, retention };
}

function resolveLimits({ requestsPerSecond = 1_000, burst = 2 * requestsPerSecond }: PeerLimits = {}): ResolvedLimits {
  checkInteger("limits.requestsPerSecond", requestsPerSecond, 1, 1_000_000);
  checkInteger("limits.burst", burst, 1, 2_000_000);
  return { requestsPerSecond, burst };
}

function resolveRetention({ maxAgeMs, maxBytes = 1024 ** 3 }: Retention = {}): ResolvedRetention {
  if (maxAgeMs !== undefined) checkInteger("retention.maxAgeMs", maxAgeMs, 1_000, Number.MAX_SAFE_INTEGER);
  checkInteger("retention.maxBytes", maxBytes, 1, Number.MAX_SAFE_INTEGER);
  return { maxAgeMs: maxAgeMs ?? Number.POSITIVE_INFINITY, maxBytes };
}

function checkInteger(name: string, value: number, min: number, max: number): void {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return;
  throw new DevnetError("INVALID_OPTION", `${name}: want an integer from ${min} to ${max}, got ${value}`);
}
