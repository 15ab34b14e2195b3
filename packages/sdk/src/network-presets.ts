/**
 * Networks that are known by name, with what they let one sender publish.
 * @module
 */

/** `twn`: The Waku Network, where RLN limits each membership. `devnet`: a network of one's own, for development. */
export type NetworkPreset = "twn" | "devnet";

export const NETWORK_PRESETS: Readonly<
  Record<NetworkPreset, { clusterId: number; shards: number; messagesPerEpoch: number; epochSeconds: number }>
> = {
  twn: { clusterId: 1, shards: 8, messagesPerEpoch: 100, epochSeconds: 600 },
  devnet: { clusterId: 42, shards: 8, messagesPerEpoch: 100_000, epochSeconds: 600 },
};
