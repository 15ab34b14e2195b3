/**
 * Finds service nodes of a network whose addresses are not known beforehand.
 * @module
 */

export interface PeerDiscovery {
  /** WebSocket multiaddrs with peer ids, as they are found. Ends when there are no more; rejects when nobody can be asked. */
  find(signal: AbortSignal): AsyncIterable<string>;
}

/** What is used of a node record (EIP-778). */
type NodeRecord = {
  readonly peerInfo?: { readonly id: unknown; readonly multiaddrs: readonly unknown[] } | undefined;
};

/**
 * Service nodes of signed lists in DNS, asked over HTTPS, so that it works in browsers (EIP-1459).
 *
 * @param enrTrees - `enrtree://<key>@<domain>`
 */
export function dnsDiscovery(enrTrees: readonly string[]): PeerDiscovery {
  return {
    async *find(signal) {
      // Loaded only here: nobody else needs it.
      const { DnsNodeDiscovery } = await import("@waku/discovery");
      const dns = await DnsNodeDiscovery.dnsOverHttp();
      for await (const record of dns.getNextPeer([...enrTrees])) {
        if (signal.aborted) return;
        yield* webSocketsOf(record);
      }
    },
  };
}

/** The addresses of a record that a light node can dial, encrypted ones only: others are for the machine itself. */
export function webSocketsOf({ peerInfo }: NodeRecord): string[] {
  if (peerInfo === undefined) return [];
  const addresses = peerInfo.multiaddrs.map(String).filter((address) => /\/(wss|tls\/ws)(\/|$)/.test(address));
  return addresses.map((address) => (address.includes("/p2p/") ? address : `${address}/p2p/${peerInfo.id}`));
}
