/**
 * Networks that are known by name: where their service nodes are, and what they let one sender publish.
 * @module
 */

/** `twn`: The Waku Network, where RLN limits each membership. `devnet`: a network of one's own, for development. */
export type NetworkPreset = "twn" | "devnet";

export type PresetFacts = {
  readonly clusterId: number;
  readonly shards: number;
  /** Leading bits of a mailbox bucket; all clients of a network must agree. */
  readonly mailboxBits: number;
  readonly messagesPerEpoch: number;
  readonly epochSeconds: number;
  /** Service nodes at known addresses. */
  readonly peers: readonly string[];
  /** Lists of service nodes in DNS (EIP-1459). */
  readonly enrTrees: readonly string[];
};

export const NETWORK_PRESETS: Readonly<Record<NetworkPreset, PresetFacts>> = {
  twn: {
    clusterId: 1,
    shards: 8,
    mailboxBits: 8,
    messagesPerEpoch: 100,
    epochSeconds: 600,
    peers: [],
    // The list that The Waku Network's own nodes begin with.
    enrTrees: ["enrtree://AIRVQ5DDA4FFWLRBCHJWUWOO6X6S4ZTZ5B667LQ6AJU6PEYDLRD5O@sandbox.waku.nodes.status.im"],
  },
  devnet: {
    clusterId: 42,
    shards: 8,
    mailboxBits: 0,
    messagesPerEpoch: 100_000,
    epochSeconds: 600,
    // Where `devnet` listens when it is not told otherwise.
    peers: ["/ip4/127.0.0.1/tcp/60000/ws"],
    enrTrees: [],
  },
};
