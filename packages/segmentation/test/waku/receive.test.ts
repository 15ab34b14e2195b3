/** Subscribing, against a light node that answers what the test says. */
import { expect, test } from "@jest/globals";
import type { IDecodedMessage, IDecoder } from "@waku/sdk";
import { type ReceivingNode, receiveSegmented } from "../../src/waku.ts";
import { payloadOf } from "../payloads.ts";

const decoder: IDecoder<IDecodedMessage> = {
  contentTopic: "/segmentation/1/test/proto",
  pubsubTopic: "/waku/2/rs/42/0",
  fromWireToProtoObj: async () => undefined,
  fromProtoObj: async () => undefined,
};

/** Delivers to everybody who is subscribed. */
function fakeFilter(isTaken: boolean) {
  const callbacks = new Set<(payload: Uint8Array) => void>();
  let unsubscribed = 0;
  const node: ReceivingNode = {
    filter: {
      async subscribe(decoder, callback) {
        callbacks.add(async (payload) => {
          const proto = { payload, contentTopic: "", version: 0, timestamp: 0n };
          const rest = { meta: undefined, rateLimitProof: undefined, ephemeral: false };
          const message = await decoder.fromProtoObj(decoder.pubsubTopic, { ...proto, ...rest });
          // As the light node does, also for what the decoder cannot read.
          callback(message as NonNullable<typeof message>);
        });
        return isTaken;
      },
      async unsubscribe() {
        unsubscribed += 1;
        callbacks.clear();
        return true;
      },
    },
  };
  return { node, callbacks, unsubscribed: () => unsubscribed };
}

function messageOf(payload: Uint8Array): IDecodedMessage {
  const { contentTopic, pubsubTopic } = decoder;
  const optional = { timestamp: undefined, rateLimitProof: undefined, ephemeral: undefined, meta: undefined };
  return { version: 0, payload, contentTopic, pubsubTopic, ...optional, hash: payload, hashStr: String(payload) };
}

test("a subscription that no service node takes is an error, and nothing stays subscribed", async () => {
  const { node, callbacks } = fakeFilter(false);
  await expect(receiveSegmented(node, decoder, () => {})).rejects.toMatchObject({
    code: "SUBSCRIBE_FAILED",
    message: expect.stringMatching(/^content topic "\/segmentation\/1\/test\/proto" on \/waku\/2\/rs\/42\/0: want/),
  });
  expect(callbacks.size).toBe(0);
});

test("messages that the decoder cannot read are passed over", async () => {
  const { node, callbacks } = fakeFilter(true);
  const got: Uint8Array[] = [];
  await receiveSegmented(node, decoder, (payload) => got.push(payload));
  for (const deliver of callbacks) await deliver(payloadOf(10));
  expect(got).toEqual([]);
});

test("filter and store feed the same receiver", async () => {
  const { node, callbacks } = fakeFilter(true);
  const readable = { ...decoder, fromProtoObj: async () => messageOf(payloadOf(10)) };
  const got: Uint8Array[] = [];
  const subscription = await receiveSegmented(node, readable, (payload) => got.push(payload));
  for (const deliver of callbacks) await deliver(payloadOf(10));
  for (const length of [10, 20]) subscription.accept(messageOf(payloadOf(length)));
  expect(got).toEqual([payloadOf(10), payloadOf(20)]);
});

test("after close nothing is subscribed and nothing is given", async () => {
  const { node, callbacks, unsubscribed } = fakeFilter(true);
  const got: Uint8Array[] = [];
  const subscription = await receiveSegmented(node, decoder, (payload) => got.push(payload));
  await subscription.close();
  subscription.accept(messageOf(payloadOf(10)));
  expect({ got, subscribed: callbacks.size, unsubscribed: unsubscribed() }).toEqual({
    got: [],
    subscribed: 0,
    unsubscribed: 1,
  });
});
