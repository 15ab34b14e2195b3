export type { DropReason, NodeCounters } from "./counters.ts";
export { DevnetError, type DevnetErrorCode } from "./errors.ts";
export { DEVNET_CLUSTER_ID, DEVNET_SHARDS } from "./network.ts";
export type { DevnetNode } from "./service-node.ts";
export { type Devnet, type DevnetOptions, startDevnet } from "./start-devnet.ts";
