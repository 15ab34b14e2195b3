/** SEG-+2: unmodified light nodes of @waku/sdk on real sockets, with nothing but this package on top. */

import { type Devnet, startDevnet } from "@chat/devnet";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { generatePrivateKey, generateSymmetricKey, getPublicKey } from "@waku/message-encryption";
import {
  createDecoder as createEciesDecoder,
  createEncoder as createEciesEncoder,
} from "@waku/message-encryption/ecies";
import {
  createDecoder as createSymmetricDecoder,
  createEncoder as createSymmetricEncoder,
} from "@waku/message-encryption/symmetric";
import { createLightNode, type IDecodedMessage, type IDecoder, type LightNode } from "@waku/sdk";
import {
  DEFAULT_MAX_MESSAGE_SIZE,
  MAX_WAKU_MESSAGE_SIZE,
  type ReceivingNode,
  receiveSegmented,
  type SegmentedReceiverOptions,
  sendSegmented,
} from "../../src/waku.ts";
import { payloadOf } from "../payloads.ts";

const MEGABYTE = 2 ** 20;
const SMALL_MESSAGES = { maxMessageSize: 10_000 }; // 1 MB in 106 segments and 15 of parity

let devnet: Devnet;
let nodes: LightNode[] = [];
let topicCount = 0;

beforeAll(async () => {
  devnet = await startDevnet();
  nodes = await Promise.all([connect(), connect(), connect()]);
});
afterAll(async () => {
  for (const node of nodes) {
    node.filter.unsubscribeAll();
    await node.stop();
  }
  await devnet.close();
});

/** Resolves when the service node is identified: before, no request finds it. */
async function connect(): Promise<LightNode> {
  const { peers, network } = devnet;
  const node = await createLightNode({
    defaultBootstrap: false,
    bootstrapPeers: [...peers],
    networkConfig: { clusterId: network.clusterId, numShardsInCluster: network.shards },
    libp2p: { filterMultiaddrs: false, hideWebSocketInfo: true },
  });
  await new Promise((resolve) => node.libp2p.addEventListener("peer:identify", resolve, { once: true }));
  return node;
}

/** Connected light nodes, and a topic of their own. */
function setting() {
  const [alice, bob, carol] = nodes;
  if (alice === undefined || bob === undefined || carol === undefined) throw new Error("want three light nodes");
  topicCount += 1;
  const topic = { contentTopic: `/segmentation/1/test-${topicCount}/proto` };
  return { alice, bob, carol, topic, encoder: alice.createEncoder(topic), decoder: bob.createDecoder(topic) };
}

async function receive<Message extends IDecodedMessage>(
  node: ReceivingNode,
  decoder: IDecoder<Message>,
  options: SegmentedReceiverOptions<Message> = {},
) {
  const payloads: Uint8Array[] = [];
  let check = () => {};
  const onPayload = (payload: Uint8Array) => {
    payloads.push(payload);
    check();
  };
  const { accept } = await receiveSegmented(node, decoder, onPayload, options);
  /** Resolves with all payloads as soon as there are `count`. */
  const arrived = (count: number) =>
    new Promise<Uint8Array[]>((resolve) => {
      check = () => payloads.length >= count && resolve(payloads);
      check();
    });
  return { accept, payloads, arrived };
}

/** The filter of `node`, which tells of each message and loses those for which that is false. */
function tapped(node: LightNode, isKept: (payload: Uint8Array) => boolean): ReceivingNode {
  return {
    filter: {
      subscribe: (decoder, callback) =>
        node.filter.subscribe(decoder, (message) => {
          if (isKept(message.payload)) callback(message);
        }),
      unsubscribe: (decoder) => node.filter.unsubscribe(decoder),
    },
  };
}

test("1 MB arrives whole although every tenth message is lost (SEG-R2)", async () => {
  const { alice, bob, encoder, decoder } = setting();
  let [seen, lost] = [0, 0];
  const filter = tapped(bob, () => {
    seen += 1;
    if (seen % 10 === 0) lost += 1;
    return seen % 10 !== 0;
  });
  const received = await receive(filter, decoder);
  const receipt = await sendSegmented(alice, encoder, payloadOf(MEGABYTE), SMALL_MESSAGES);
  expect(await received.arrived(1)).toEqual([payloadOf(MEGABYTE)]);
  expect(receipt.total).toBe(121);
  expect(lost).toBeGreaterThanOrEqual(10);
});

test("a payload that fits one message is that message (SEG-F4)", async () => {
  const { alice, bob, encoder, decoder } = setting();
  const onTheWire: Uint8Array[] = [];
  const filter = tapped(bob, (payload) => onTheWire.push(payload) > 0);
  const received = await receive(filter, decoder);
  const payload = payloadOf(DEFAULT_MAX_MESSAGE_SIZE);
  await sendSegmented(alice, encoder, payload);
  expect(await received.arrived(1)).toEqual([payload]);
  expect(onTheWire).toEqual([payload]);
});

test("two payloads that travel through each other both arrive, once", async () => {
  const { alice, bob, carol, topic, encoder, decoder } = setting();
  const sizes: number[] = [];
  const filter = tapped(bob, (payload) => sizes.push(payload.length) > 0);
  const received = await receive(filter, decoder);
  const [first, second] = [payloadOf(400_000), payloadOf(400_001)];
  await Promise.all([
    sendSegmented(alice, encoder, first, { maxMessageSize: 10_000 }),
    sendSegmented(carol, carol.createEncoder(topic), second, { maxMessageSize: 5_000 }),
  ]);
  const payloads = await received.arrived(2);
  expect(payloads.sort((a, b) => a.length - b.length)).toEqual([first, second]);
  const lastLarge = sizes.findLastIndex((size) => size > 5_000);
  expect(sizes.findIndex((size) => size <= 5_000)).toBeLessThan(lastLarge);
});

test("what was sent before somebody subscribed comes from the store, and only once", async () => {
  const { alice, bob, encoder, decoder } = setting();
  await sendSegmented(alice, encoder, payloadOf(50_000), SMALL_MESSAGES);
  const received = await receive(bob, decoder);
  await sendSegmented(alice, encoder, payloadOf(60_000), SMALL_MESSAGES);
  await received.arrived(1);
  for (let times = 0; times < 2; times += 1) await bob.store.queryWithOrderedCallback([decoder], received.accept);
  expect(received.payloads).toEqual([payloadOf(60_000), payloadOf(50_000)]);
});

test("an encoder that encrypts and signs does so with every segment, and each sender is told apart", async () => {
  const { alice, bob, topic } = setting();
  const { routingInfo } = alice.createEncoder(topic);
  const [symKey, sigPrivKey] = [generateSymmetricKey(), generatePrivateKey()];
  const encoder = createSymmetricEncoder({ ...topic, routingInfo, symKey, sigPrivKey });
  const senders = new Set<string>();
  const received = await receive(bob, createSymmetricDecoder(topic.contentTopic, routingInfo, symKey), {
    senderOf: ({ signaturePublicKey }) => String(signaturePublicKey),
    onProgress: (_, { signaturePublicKey }) => senders.add(String(signaturePublicKey)),
  });
  await sendSegmented(alice, alice.createEncoder(topic), payloadOf(50), SMALL_MESSAGES); // not encrypted: unreadable
  await sendSegmented(alice, encoder, payloadOf(100_000), SMALL_MESSAGES);
  expect(await received.arrived(1)).toEqual([payloadOf(100_000)]);
  expect([...senders]).toEqual([String(getPublicKey(sigPrivKey))]);
});

test("a full message of the default size is taken, whatever the encoder and the network add to it", async () => {
  const { alice, bob } = setting();
  const contentTopic = `/segmentation/1/${"x".repeat(138)}/proto`; // 160 characters
  const { routingInfo } = alice.createEncoder({ contentTopic });
  const [privateKey, sigPrivKey] = [generatePrivateKey(), generatePrivateKey()];
  const publicKey = getPublicKey(privateKey);
  const metaSetter = () => new Uint8Array(64);
  const encoder = createEciesEncoder({ contentTopic, routingInfo, publicKey, sigPrivKey, metaSetter });
  const payload = payloadOf(DEFAULT_MAX_MESSAGE_SIZE);

  const [proof, field] = [new Uint8Array(128).fill(1), new Uint8Array(32).fill(1)];
  const fields = { merkleRoot: field, epoch: field, shareX: field, shareY: field, nullifier: field };
  const rateLimitProof = { proof, ...fields, rlnIdentifier: field };
  const wire = await encoder.toWire({ payload, timestamp: new Date(), rateLimitProof });
  expect(wire?.length).toBeGreaterThan(MAX_WAKU_MESSAGE_SIZE - 256);
  expect(wire?.length).toBeLessThanOrEqual(MAX_WAKU_MESSAGE_SIZE);

  const received = await receive(bob, createEciesDecoder(contentTopic, routingInfo, privateKey));
  await sendSegmented(alice, encoder, payload, { attempts: 1 });
  await sendSegmented(alice, encoder, payloadOf(payload.length + 1), { attempts: 1 });
  const lengths = (await received.arrived(2)).map(({ length }) => length);
  expect(lengths.sort()).toEqual([payload.length, payload.length + 1]);
});

test("a message that is too large for the network ends in an error that names the option", async () => {
  const { alice, encoder } = setting();
  const sending = sendSegmented(alice, encoder, payloadOf(200_000), { maxMessageSize: 153_600, attempts: 1 });
  await expect(sending).rejects.toMatchObject({
    code: "SEND_FAILED",
    message: expect.stringMatching(/last answer: Remote peer rejected; as a message it has \d+ bytes.*maxMessageSize$/),
  });
});

test("a light node without service node cannot subscribe, and sending says why it failed", async () => {
  const node = await createLightNode({
    defaultBootstrap: false,
    networkConfig: { clusterId: devnet.network.clusterId, numShardsInCluster: devnet.network.shards },
  });
  try {
    const { topic } = setting();
    const subscribing = receiveSegmented(node, node.createDecoder(topic), () => {});
    await expect(subscribing).rejects.toMatchObject({ code: "SUBSCRIBE_FAILED" });
    const sending = sendSegmented(node, node.createEncoder(topic), payloadOf(10), { attempts: 1 });
    await expect(sending).rejects.toMatchObject({
      code: "SEND_FAILED",
      message: expect.stringContaining("No peer available"),
    });
  } finally {
    await node.stop();
  }
});
