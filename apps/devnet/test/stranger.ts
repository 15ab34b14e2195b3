/**
 * A peer that speaks libp2p but not Waku, for what `@waku/sdk` never sends.
 * @module
 */
import { noise } from "@chainsafe/libp2p-noise";
import { yamux } from "@chainsafe/libp2p-yamux";
import { identify } from "@libp2p/identify";
import { ping } from "@libp2p/ping";
import { tcp } from "@libp2p/tcp";
import { multiaddr } from "@multiformats/multiaddr";
import * as lengthPrefixed from "it-length-prefixed";
import { createLibp2p } from "libp2p";
import { relayService } from "../src/relay.ts";

export async function openStranger(address: string) {
  const host = await createLibp2p({
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify(), ping: ping(), relay: relayService() },
  });
  const connection = await host.dial(multiaddr(address));
  return {
    host,
    /** Writes `bytes` as they are; returns the one reply, or undefined when the node resets the stream. */
    async exchange(codec: string, bytes: Uint8Array): Promise<Uint8Array | undefined> {
      const stream = await connection.newStream(codec);
      try {
        await stream.sink([bytes]);
        for await (const reply of lengthPrefixed.decode(stream.source)) return reply.subarray();
      } catch {
        // Reset.
      }
      return undefined;
    },
  };
}

export const framed = (bytes: Uint8Array) => lengthPrefixed.encode.single(bytes).subarray();
