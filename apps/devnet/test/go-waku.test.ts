/** Against go-waku, a Waku implementation that we did not write: relay, and each service, in both directions. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { contentTopicToPubsubTopic } from "@waku/utils";
// Not by its name: the SDK is tested with this package already.
import { ChatClient, file, text } from "../../../packages/sdk/src/index.ts";
import { type Devnet, startDevnet } from "../src/index.ts";
import { history, type LightNode, openClients, send, sendV2, subscribe } from "./clients.ts";
import { eventually } from "./eventually.ts";
import { BUILD_MS, buildGoWaku, type GoWaku, goMessage, missingGo, payloadOf, tellShards } from "./go-waku.ts";
import { goWakuDelivery } from "./go-waku-delivery.ts";
import { bytesOf, textOf } from "./messages.ts";

const missing = missingGo();
const isSkipped = missing !== undefined && process.env.CHAT_REQUIRE_GO !== "1";
if (isSkipped) process.stderr.write(`  skipped: @chat/devnet, against go-waku: ${missing}\n`);

(isSkipped ? describe.skip : describe)("go-waku", () => {
  let program: Awaited<ReturnType<typeof buildGoWaku>>;
  let devnet: Devnet;
  /** A service node, linked to ours by relay. */
  let service: GoWaku;
  const clients = openClients();

  beforeAll(async () => {
    program = await buildGoWaku();
    devnet = await startDevnet({ nodes: 2 });
    service = await program.start();
    await service.ask({ do: "dial", address: ours().tcp });
    // Ours has a sibling too, so two of them listen when go-waku does.
    await eventually("ours knows what go-waku listens to", () =>
      Object.values(ours().relayPeers).every((peers) => peers === 2),
    );
    await eventually("go-waku knows what ours listens to", async () => {
      const counts = await Promise.all(Object.keys(ours().relayPeers).map(relayPeers));
      return counts.every((count) => count === 1);
    });
    // Gossipsub passes on what others sent only when its mesh has formed, with the next heartbeat. All topics of these
    // tests are in one shard.
    const probing = await clients.connect(devnet, ours(1).webSocket);
    await eventually("the mesh has formed", async () => {
      await send(probing, "/go/1/probe/proto", bytesOf("probe"));
      await new Promise((resolve) => setTimeout(resolve, 100));
      return service.relayed.length > 0;
    });
    await clients.close();
  }, BUILD_MS);
  afterEach(() => clients.close());
  afterAll(async () => {
    await program?.close();
    await devnet?.close();
  }, 30_000);

  function ours(index = 0) {
    const node = devnet.nodes[index];
    if (node === undefined) throw new Error(`want a node ${index}`);
    return node;
  }

  async function relayPeers(pubsubTopic: string): Promise<number> {
    return Number((await service.ask({ do: "relayPeers", pubsubTopic })).count);
  }

  function shardOf(contentTopic: string): string {
    return contentTopicToPubsubTopic(contentTopic, 42, 8);
  }

  describe("relay", () => {
    test("what go-waku publishes is stored by every node of ours, with the hash that go-waku computed", async () => {
      const topic = "/go/1/from-go/proto";
      const { hash } = await service.ask({ do: "relay", ...goMessage(shardOf(topic), topic, bytesOf("from go")) });
      for (const { webSocket } of devnet.nodes) await expectHistory(webSocket, topic, 1);
      for (const { webSocket } of devnet.nodes) {
        const client = await clients.connect(devnet, webSocket);
        const decoder = client.createDecoder({ contentTopic: topic });
        const found: string[] = [];
        for await (const page of client.store.queryGenerator([decoder])) {
          for (const message of await Promise.all(page)) if (message !== undefined) found.push(message.hashStr);
        }
        expect(found).toEqual([hash]);
      }
    });

    test("what is pushed to a node of ours reaches go-waku, byte by byte the same", async () => {
      const topic = "/go/1/to-go/proto";
      const alice = await clients.connect(devnet, ours(1).webSocket);
      expect(await send(alice, topic, bytesOf("to go"))).toBe(true);
      await eventually("it arrives", () => service.relayed.some(({ contentTopic }) => contentTopic === topic));
      const [arrived] = service.relayed.filter(({ contentTopic }) => contentTopic === topic);
      expect(arrived).toMatchObject({ pubsubTopic: shardOf(topic), payload: btoa("to go"), ephemeral: false });
      const stored = await history(alice, topic);
      expect(stored.map(textOf)).toEqual(["to go"]);
    });

    test("the largest message passes both ways", async () => {
      const topic = "/go/1/large/proto";
      const payload = new Uint8Array(150_000).fill(7);
      const alice = await clients.connect(devnet, ours(1).webSocket);
      expect(await send(alice, topic, payload)).toBe(true);
      await eventually("go-waku has it", () => service.relayed.some(({ contentTopic }) => contentTopic === topic));
      await service.ask({ do: "relay", ...goMessage(shardOf(topic), topic, payload) });
      await eventually("our nodes have both", () => devnet.nodes.every(({ counters }) => counters.stored >= 2));
      await expectHistory(ours(1).webSocket, topic, 2);
    });

    test("a stale message from go-waku is counted and not stored, and the link holds", async () => {
      const topic = "/go/1/stale/proto";
      const { dropped } = ours().counters;
      const stale = goMessage(shardOf(topic), topic, bytesOf("stale"), Date.now() - 3_600_000);
      await service.ask({ do: "relay", ...stale });
      await eventually("it is counted", () => ours().counters.dropped["bad-timestamp"] > dropped["bad-timestamp"]);
      await service.ask({ do: "relay", ...goMessage(shardOf(topic), topic, bytesOf("fresh")) });
      await expectHistory(ours().webSocket, topic, 1);
    });

    test("200 messages each way, and each arrives once", async () => {
      const topic = "/go/1/many/proto";
      const alice = await clients.connect(devnet, ours().webSocket);
      const received = await subscribe(alice, topic);
      const names = Array.from({ length: 200 }, (_, index) => String(index));
      for (const name of names) await service.ask({ do: "relay", ...goMessage(shardOf(topic), topic, bytesOf(name)) });
      await eventually("all arrive here", () => received.length >= 200);
      expect(received.map(textOf).toSorted()).toEqual(names.toSorted());
      for (const name of names) await send(alice, topic, bytesOf(`back ${name}`));
      const arrived = () => service.relayed.filter((message) => message.contentTopic === topic).map(payloadOf);
      await eventually("all arrive there", () => arrived().length >= 400);
      const back = arrived().filter((text) => text.startsWith("back"));
      // Validated in parallel: in what order go-waku hands them over is its own affair.
      expect(back.toSorted()).toEqual(names.map((name) => `back ${name}`).toSorted());
    });
  });

  async function expectHistory(address: string, topic: string, count: number): Promise<void> {
    const client = await clients.connect(devnet, address);
    let found: Uint8Array[] = [];
    await eventually(`${count} in the store`, async () => {
      found = await history(client, topic);
      return found.length >= count;
    });
    expect(found).toHaveLength(count);
  }

  describe("light nodes of @waku/sdk on either side", () => {
    async function tell(client: LightNode): Promise<void> {
      for (const { remotePeer } of client.libp2p.getConnections()) await tellShards(client, remotePeer, devnet.network);
    }

    test("push to ours, filter from go-waku", async () => {
      const topic = "/go/1/across/proto";
      const alice = await clients.connect(devnet, ours().webSocket);
      const bob = await clients.connect(devnet, service.webSocket);
      await tell(bob);
      const received = await subscribe(bob, topic);
      expect(await send(alice, topic, bytesOf("across"))).toBe(true);
      await eventually("it arrives", () => received.length > 0);
      expect(received.map(textOf)).toEqual(["across"]);
    });

    test("push to go-waku in version 2, the one it has; filter and store from ours", async () => {
      const topic = "/go/1/back/proto";
      const alice = await clients.connect(devnet, ours(1).webSocket);
      const bob = await clients.connect(devnet, service.webSocket);
      const received = await subscribe(alice, topic);
      await eventually("it is pushed", async () => {
        await tell(bob);
        return sendV2(bob, topic, bytesOf("back"));
      });
      await eventually("it arrives", () => received.length > 0);
      expect(received.map(textOf)).toEqual(["back"]);
      expect((await history(alice, topic)).map(textOf)).toEqual(["back"]);
    });

    // What the conformance table says cannot be shown with this implementation. When it can, this fails.
    test("go-waku serves neither light push 3 nor store 3", async () => {
      const bob = await clients.connect(devnet, service.webSocket);
      const [connection] = bob.libp2p.getConnections();
      const { protocols } = await bob.libp2p.peerStore.get(connection?.remotePeer ?? bob.libp2p.peerId);
      expect(protocols).toContain("/vac/waku/lightpush/2.0.0-beta1");
      expect(protocols).not.toContain("/vac/waku/lightpush/3.0.0");
      expect(protocols).not.toContain("/vac/waku/store-query/3.0.0");
    });
  });

  describe("chats of the SDK", () => {
    const options = { database: null, acknowledgementDelayMs: 0, rateLimit: "devnet" } as const;
    const atGo = async () => {
      const node = await clients.connect(devnet, service.webSocket);
      return ChatClient.create({ ...options, network: goWakuDelivery(node, devnet.network) });
    };
    const atOurs = () => ChatClient.create({ ...options, network: { peers: [ours(1).webSocket], ...devnet.network } });

    test.each([
      ["through go-waku alone", atGo, atGo],
      ["half through go-waku, half through ours", atGo, atOurs],
    ])("%s", async (_name, openRaya, openSaro) => {
      await using raya = await openRaya();
      await using saro = await openSaro();
      const chat = await saro.accept(await raya.createInvite(), text("hello"));
      const first = await nextOf(raya);
      expect(first.content).toMatchObject({ text: "hello" });
      const answer = await first.conversation.send(text("welcome"));
      expect((await nextOf(saro)).content).toMatchObject({ text: "welcome" });
      await answer.delivered();
      const bytes = new Uint8Array(300_000).map((_, index) => index >> 3);
      const picture = await chat.send(file({ name: "p.png", mediaType: "image/png", bytes }));
      expect((await nextOf(raya)).content).toMatchObject({ kind: "file", bytes });
      await picture.delivered();
    });

    async function nextOf(client: ChatClient) {
      for await (const message of client.messages({ signal: AbortSignal.timeout(15_000) })) return message;
      throw new Error("no message");
    }
  });

  describe("a light node of go-waku at ours", () => {
    let light: GoWaku;
    beforeAll(async () => {
      light = await program.start("-light");
      await light.ask({ do: "dial", address: ours().tcp });
    });
    const peer = () => ours().peerId;

    test("finds every service, by identify", async () => {
      const seen = async () => {
        const { peers } = await light.ask({ do: "peers" });
        return (peers as Record<string, string[]>)[peer()] ?? [];
      };
      await eventually("identify is over", async () => (await seen()).length > 0);
      expect(await seen()).toEqual(
        expect.arrayContaining([
          "/ipfs/id/1.0.0",
          "/ipfs/ping/1.0.0",
          "/vac/waku/filter-subscribe/2.0.0-beta1",
          "/vac/waku/lightpush/2.0.0-beta1",
          "/vac/waku/metadata/1.0.0",
          "/vac/waku/relay/2.0.0",
          "/vac/waku/store-query/3.0.0",
        ]),
      );
    });

    test("pushes; a refusal reaches it with its reason", async () => {
      const topic = "/go/1/pushed/proto";
      const { hash } = await light.ask({
        do: "push",
        peer: peer(),
        ...goMessage(shardOf(topic), topic, bytesOf("pushed")),
      });
      const [[stored]] = (await light.query({ peer: peer(), hashes: [hash], limit: 10, forward: true })) as unknown as [
        [unknown],
      ];
      expect(stored).toMatchObject({ hash, contentTopic: topic, payload: btoa("pushed") });
      const stale = goMessage(shardOf(topic), topic, bytesOf("stale"), 1_000);
      await expect(light.ask({ do: "push", peer: peer(), ...stale })).rejects.toThrow("timestamp: want close to");
      const foreign = goMessage("/waku/2/rs/7/0", topic, bytesOf("foreign"));
      await expect(light.ask({ do: "push", peer: peer(), ...foreign })).rejects.toThrow("want a shard of this network");
    });

    test("subscribes, is served, pings, unsubscribes, and is told that it is no subscriber", async () => {
      const [topic, other] = ["/go/1/filtered/proto", "/go/1/other/proto"];
      const alice = await clients.connect(devnet, ours(1).webSocket);
      await expect(light.ask({ do: "ping", peer: peer() })).rejects.toThrow("404");
      const subscription = { peer: peer(), pubsubTopic: shardOf(topic), contentTopics: [topic, other] };
      await light.ask({ do: "subscribe", ...subscription });
      await light.ask({ do: "ping", peer: peer() });
      for (const text of ["one", "two", "three"]) await send(alice, topic, bytesOf(text));
      await eventually("all arrive", () => light.filtered.length >= 3);
      expect(light.filtered.map(payloadOf)).toEqual(["one", "two", "three"]);

      await light.ask({ do: "unsubscribe", ...subscription, contentTopics: [topic] });
      await light.ask({ do: "ping", peer: peer() });
      await send(alice, topic, bytesOf("unwanted"));
      await send(alice, other, bytesOf("wanted"));
      await eventually("the wanted one arrives", () => light.filtered.length > 3);
      expect(light.filtered.map(payloadOf)).toEqual(["one", "two", "three", "wanted"]);

      await light.ask({ do: "unsubscribeAll", peer: peer() });
      await expect(light.ask({ do: "ping", peer: peer() })).rejects.toThrow("404");
    });

    test("reads history in both directions, page by page, by topic, time and hash", async () => {
      const topic = "/go/1/history/proto";
      const alice = await clients.connect(devnet, ours().webSocket);
      const startMs = (Math.floor(Date.now() / 1_000) - 60) * 1_000;
      for (let index = 0; index < 7; index += 1) {
        await send(alice, topic, bytesOf(String(index)), new Date(startMs + index * 1_000));
      }
      const wanted = { peer: peer(), pubsubTopic: shardOf(topic), contentTopics: [topic], limit: 3 };
      const texts = async (criteria: Record<string, unknown>) =>
        (await light.query(criteria)).map((page) => page.map(payloadOf));
      expect(await texts({ ...wanted, forward: true })).toEqual([["0", "1", "2"], ["3", "4", "5"], ["6"]]);
      expect(await texts({ ...wanted, forward: false })).toEqual([["4", "5", "6"], ["1", "2", "3"], ["0"]]);
      const [from, to] = [2, 4].map((index) => String(BigInt(startMs + index * 1_000) * 1_000_000n));
      expect(await texts({ ...wanted, forward: true, timeStart: from, timeEnd: to })).toEqual([["2", "3", "4"]]);
      const [[first]] = (await light.query({ ...wanted, forward: true })) as unknown as [[{ hash: string }]];
      expect(await texts({ peer: peer(), hashes: [first.hash], limit: 3, forward: true })).toEqual([["0"]]);
      await expect(texts({ peer: peer(), hashes: [first.hash.replace(/^../, "zz")], limit: 3 })).rejects.toThrow();
    });

    test("an ephemeral message is delivered and not stored", async () => {
      const topic = "/go/1/ephemeral/proto";
      await light.ask({ do: "subscribe", peer: peer(), pubsubTopic: shardOf(topic), contentTopics: [topic] });
      const message = { ...goMessage(shardOf(topic), topic, bytesOf("typing")), ephemeral: true };
      await service.ask({ do: "relay", ...message });
      const arrived = () => light.filtered.filter(({ contentTopic }) => contentTopic === topic);
      await eventually("it arrives", () => arrived().length > 0);
      expect(arrived()).toMatchObject([{ ephemeral: true, payload: btoa("typing") }]);
      const wanted = { peer: peer(), pubsubTopic: shardOf(topic), contentTopics: [topic], limit: 3, forward: true };
      expect((await light.query(wanted)).flat()).toEqual([]);
    });

    test("learns of the other nodes by peer exchange, and where they are", async () => {
      const seeker = await program.start("-light");
      await seeker.ask({ do: "dial", address: ours().tcp });
      await seeker.ask({ do: "exchange", peer: peer() });
      let addresses: string[] | undefined;
      await eventually("it knows the second node", async () => {
        const { known } = await seeker.ask({ do: "known" });
        addresses = (known as Record<string, string[]>)[ours(1).peerId];
        return addresses !== undefined;
      });
      expect(addresses?.toSorted()).toEqual([ours(1).tcp, ours(1).webSocket].toSorted());
    });

    test("of another cluster, it leaves after it read our metadata", async () => {
      const stranger = await program.start("-light", "-cluster", "7");
      await stranger.ask({ do: "dial", address: ours().tcp });
      await eventually(
        "it hangs up",
        async () => !(peer() in ((await stranger.ask({ do: "peers" })).peers as Record<string, unknown>)),
      );
    });
  });
});
