import { type ChatClient, isUnsupported, text } from "@chat/sdk";
import { MemoryNetwork } from "@chat/sdk/testing";
import { openMemoryStore } from "@chat/store";
import { expect, test } from "@jest/globals";
import { field, NewerPeer } from "./newer-peer.ts";
import { next, nextText, open, until } from "./people.ts";

/** Raya, and Saro after an update. */
async function openBoth() {
  const network = new MemoryNetwork();
  const raya = await open(network.connect());
  const store = openMemoryStore();
  const saro = await open(network.connect(), { database: store });
  await saro.accept(await raya.createInvite(), text("hello"));
  expect(await nextText(raya)).toBe("hello");
  const newer = await NewerPeer.of(store, network);
  await saro.close();
  return { raya, newer, network };
}

async function unsupportedOf(client: ChatClient) {
  const { content, id } = await next(client);
  if (!isUnsupported(content)) throw new Error(`want unsupported content, got ${content.kind}`);
  return { ...content, id };
}

test("a frame of a later version is an unsupported message with all its bytes, in the history, and acknowledged (CHAT-S2)", async () => {
  const { raya, newer, network } = await openBoth();
  await using _raya = raya;
  const before = network.published.length;
  const frame = field(15, Uint8Array.of(1, 2, 3));
  newer.sendFrame(frame);
  const seen = await unsupportedOf(raya);
  expect(seen).toMatchObject({ reason: "unknown-frame", domain: 0, tag: 15, version: 0, payload: frame, fallback: "" });
  const [conversation] = await raya.conversations();
  expect((await conversation?.history())?.at(-1)).toMatchObject({ id: seen.id, content: { reason: "unknown-frame" } });
  await until(() => network.published.length > before + 1, "the acknowledgement");
});

test("a payload of a later version is an unsupported message once, however often it comes (CHAT-S2)", async () => {
  const { raya, newer } = await openBoth();
  await using _raya = raya;
  const payload = field(9, new Uint8Array(40).fill(7));
  newer.sendPayload(payload);
  expect(await unsupportedOf(raya)).toMatchObject({ reason: "unknown-payload", tag: 9, payload });
  newer.sendPayload(payload); // in another envelope, as a retry would be
  newer.sendFrame(field(14, Uint8Array.of(1)));
  expect(await unsupportedOf(raya)).toMatchObject({ reason: "unknown-frame", tag: 14 });
  expect(await (await raya.conversations())[0]?.history()).toHaveLength(3);
});

test("what is nobody's message is counted: an envelope of a later version, a frame without a member", async () => {
  const { raya, newer } = await openBoth();
  await using _raya = raya;
  newer.publish(Uint8Array.of(8, 2));
  newer.sendFrame(new Uint8Array());
  newer.sendFrame(field(15, Uint8Array.of(1)));
  await unsupportedOf(raya);
  expect(raya.discarded).toMatchObject({ "newer-envelope": 1, "unsupported-frame": 1 });
});
