/** Over real sockets to two service nodes that die, restart, forget and are parted, and over connections that break. */
import { type Devnet, startDevnet } from "@chat/devnet";
import {
  ChatClient,
  type ChatClientOptions,
  type Clock,
  type Conversation,
  file,
  isText,
  systemClock,
  text,
} from "@chat/sdk";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { next, nextText, until } from "./people.ts";
import { TcpProxy } from "./tcp-proxy.ts";

let devnet: Devnet;
let ways: [TcpProxy, TcpProxy];
beforeEach(async () => {
  devnet = await startDevnet({ nodes: 2 });
  const [first = "", second = ""] = devnet.peers;
  ways = [await TcpProxy.open(first), await TcpProxy.open(second)];
});
afterEach(async () => {
  await devnet.close();
  for (const way of ways) await way[Symbol.asyncDispose]();
});

function open(options: Partial<ChatClientOptions> = {}): Promise<ChatClient> {
  const network = { peers: ways.map(({ address }) => address), ...devnet.network };
  return ChatClient.create({ database: null, network, acknowledgementDelayMs: 0, rateLimit: "devnet", ...options });
}

/**
 * Five times as fast as ours, so that nobody waits half a minute for a retransmission. Begins so far in the past that service
 * nodes, which take the timestamps of the last ten minutes, take its own for a hundred seconds.
 */
function fastClock(): Clock {
  const startedAtMs = Date.now();
  const nowMs = () => startedAtMs - 500_000 + 5 * (Date.now() - startedAtMs);
  return { nowMs, after: (delayMs, run) => systemClock.after(delayMs / 5, run) };
}

async function meet(raya: ChatClient, saro: ChatClient): Promise<[Conversation, Conversation]> {
  const ofSaro = await saro.accept(await raya.createInvite(), text("hello"));
  const { conversation } = await next(raya);
  await (await conversation.send(text("hello"))).delivered();
  expect(await nextText(saro)).toBe("hello");
  return [conversation, ofSaro];
}

/** One message each way, from sender to confirmation. */
async function chat(conversations: readonly Conversation[], what: string): Promise<void> {
  const sent = await Promise.all(conversations.map((conversation, side) => conversation.send(text(`${what} ${side}`))));
  await Promise.all(sent.map((message) => message.delivered()));
}

async function textsOf(conversation: Conversation, direction: string): Promise<string[]> {
  const messages = await conversation.history({ limit: 200 });
  return messages.flatMap((message) =>
    message.direction === direction && isText(message.content) ? [message.content.text] : [],
  );
}

test("two people chat while nodes are killed and restarted, and connections break in the middle of a frame", async () => {
  await using raya = await open();
  await using saro = await open();
  const both = await meet(raya, saro);
  const [ofRaya, ofSaro] = both;
  const everybody = () => [raya.health, saro.health];
  expect(everybody()).toEqual(["connected", "connected"]);
  for (const [index, node] of devnet.nodes.entries()) {
    await node.stop();
    await until(() => everybody().every((health) => health === "minimal"), "they notice");
    await chat(both, `without node ${index}`);
    await node.start();
    await until(() => everybody().every((health) => health === "connected"), "they are back");
  }
  for (const [index, way] of ways.entries()) {
    const bytes = crypto.getRandomValues(new Uint8Array(60_000));
    way.cutAfter(20_000);
    const picture = await ofSaro.send(file({ name: `${index}.bin`, mediaType: "", bytes }));
    await chat(both, `over way ${index}`);
    await picture.delivered();
  }
  await chat(both, "at the end");
  expect(await textsOf(ofRaya, "incoming")).toEqual(await textsOf(ofSaro, "outgoing"));
  expect((await textsOf(ofSaro, "incoming")).toSorted()).toEqual((await textsOf(ofRaya, "outgoing")).toSorted());
  const files = (await ofRaya.history({ limit: 200 })).filter(({ content }) => content.kind === "file");
  expect(files).toHaveLength(2);
}, 60_000);

test("what a node forgot while somebody was away comes from the other one", async () => {
  await using saro = await open({ network: { peers: devnet.peers, ...devnet.network } });
  await using raya = await open();
  const [, ofSaro] = await meet(raya, saro);
  for (const way of ways) way.isOpen = false;
  await until(() => raya.health === "disconnected", "she notices");
  devnet.nodes[0]?.setFaults({ amnesia: true }); // as long as that is set, it has no history
  const sent = await ofSaro.send(text("kept by one of two"));
  await sent.sent();
  for (const way of ways) way.isOpen = true;
  expect(await nextText(raya)).toBe("kept by one of two");
  await sent.delivered();
}, 60_000);

test.each<[string, () => unknown]>([
  [
    "the node of the subscription brings nothing and forgets",
    () => devnet.nodes[0]?.setFaults({ amnesia: true, loss: 1 }),
  ],
  ["the network is parted", () => devnet.partition([[0], [1]])],
])(
  "when %s, what was not confirmed takes both ways, history is looked at, and nothing is lost",
  async (_, fail) => {
    const clock = fastClock();
    await using raya = await open({ clock });
    await using saro = await open({ clock });
    const [ofRaya, ofSaro] = await meet(raya, saro);
    await fail();
    const sent = await ofSaro.send(text("is anybody there?"));
    await until(async () => (await sent.status()) === "delivered", "it is confirmed");
    const answer = await ofRaya.send(text("yes"));
    await until(async () => (await answer.status()) === "delivered", "the answer is confirmed");
    expect(await textsOf(ofRaya, "incoming")).toEqual(["hello", "is anybody there?"]);
    expect(await textsOf(ofSaro, "incoming")).toEqual(["hello", "yes"]);
  },
  60_000,
);

test("after a sleep with connections that are dead, they are made again at once, and history has what came meanwhile", async () => {
  let sleptMs = 0;
  const clock: Clock = { nowMs: () => Date.now() + sleptMs, after: (delayMs, run) => systemClock.after(delayMs, run) };
  await using saro = await open({ network: { peers: devnet.peers, ...devnet.network } });
  await using raya = await open({ clock });
  const [, ofSaro] = await meet(raya, saro);
  for (const way of ways) way.goDead();
  await ofSaro.send(text("while you slept"));
  sleptMs = 8 * 3_600_000;
  const wokeAtMs = performance.now();
  await until(() => raya.health === "disconnected", "she notices");
  expect(await nextText(raya)).toBe("while you slept");
  // Two seconds to notice, two for a connection to show that it is there, and a dial.
  expect(performance.now() - wokeAtMs).toBeLessThan(10_000);
  expect(raya.health).toBe("connected");
}, 60_000);
