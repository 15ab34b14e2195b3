import { noise } from "@chainsafe/libp2p-noise";
import { yamux } from "@chainsafe/libp2p-yamux";
import { afterEach, expect, test } from "@jest/globals";
import { identify } from "@libp2p/identify";
import { tcp } from "@libp2p/tcp";
import { createLibp2p } from "libp2p";
import { keepLinked, link, type RelayHost } from "../src/links.ts";
import { joinRelay, relayService } from "../src/relay.ts";
import { eventually } from "./eventually.ts";
import { bytesOf, TOPICS, textOf } from "./messages.ts";

const SHARD = "/waku/2/rs/42/5";

const hosts: RelayHost[] = [];
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
});

async function openHost() {
  const received: string[] = [];
  const host: RelayHost = await createLibp2p({
    addresses: { listen: ["/ip4/127.0.0.1/tcp/0"] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify(), relay: relayService() },
  });
  joinRelay(host.services.relay, TOPICS, (_topic, data) => received.push(textOf(data)) > 0);
  hosts.push(host);
  return { host, received };
}

test("linked hosts exchange the very next message", async () => {
  const [a, b] = [await openHost(), await openHost()];
  await link(a.host, b.host, TOPICS, AbortSignal.timeout(5_000));
  await a.host.services.relay.publish(SHARD, bytesOf("from a"));
  await b.host.services.relay.publish(SHARD, bytesOf("from b"));
  await eventually("both arrive", () => a.received.length + b.received.length === 2);
  expect([a.received, b.received]).toEqual([["from b"], ["from a"]]);
});

test("a link that breaks is made again", async () => {
  const [a, b] = [await openHost(), await openHost()];
  const end = new AbortController();
  const findB = (peerId: string) => (peerId === b.host.peerId.toString() ? b.host : undefined);
  keepLinked(a.host, findB, TOPICS, end.signal);
  await link(a.host, b.host, TOPICS, end.signal);
  for (const text of ["after the first break", "after the second break"]) {
    const [connection] = a.host.getConnections();
    connection?.abort(new Error("pulled the plug"));
    await eventually("the link is gone", () => !a.host.getConnections().some((open) => open === connection));
    await eventually("the link is back", () => b.host.services.relay.getSubscribers(SHARD).length === 1);
    await link(a.host, b.host, TOPICS, end.signal);
    await a.host.services.relay.publish(SHARD, bytesOf(text));
    await eventually("a message passes", () => b.received.includes(text));
  }
  end.abort();
});

test("waiting for a link ends with its signal", async () => {
  const [a, b] = [await openHost(), await openHost()];
  const topics = new Set([...TOPICS, "/waku/2/rs/42/99"]);
  await expect(link(a.host, b.host, topics, AbortSignal.timeout(200))).rejects.toMatchObject({ name: "TimeoutError" });
});
