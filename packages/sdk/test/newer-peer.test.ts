import { encodeContentFrame, encodePrivateFrame } from "@chat/codec";
import { type ChatClient, type ChatEvent, file, isUnsupported, readReceipt, text, typing } from "@chat/sdk";
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

const contentFrame = (content: Parameters<typeof encodeContentFrame>[0]) =>
  encodePrivateFrame({ timestampMs: Date.now(), body: { kind: "content", content: encodeContentFrame(content) } });

test("a signal of a later version, or that is damaged or none, leaves nothing", async () => {
  const { raya, newer } = await openBoth();
  await using _raya = raya;
  newer.sendSignal(field(15, Uint8Array.of(1)));
  newer.sendSignal(Uint8Array.of(0xff));
  newer.sendSignal(contentFrame(text("for whoever is there")));
  newer.sendSignal(Uint8Array.of(0xf2, 0x01, 3, 0x0a, 1, 5)); // `cancelled` with a hash of one byte
  newer.sendFrame(contentFrame(text("after")));
  expect(await nextText(raya)).toBe("after");
  expect(raya.discarded).toMatchObject({ "unsupported-frame": 3, "malformed-frame": 1 });
});

test("a signal of whom nobody has accepted leaves nothing", async () => {
  const network = new MemoryNetwork();
  await using raya = await open(network.connect());
  const store = openMemoryStore();
  const saro = await open(network.connect(), { database: store });
  await saro.accept(await raya.createInvite({ multiUse: true }), text("hello"));
  expect(await nextText(raya)).toBe("hello");
  const newer = await NewerPeer.of(store, network);
  await saro.close();
  const events: ChatEvent[] = [];
  void (async () => {
    for await (const event of raya.events()) events.push(event);
  })();
  newer.sendSignal(contentFrame(typing()));
  newer.sendSignal(field(15, Uint8Array.of(1)));
  newer.sendFrame(contentFrame(text("after")));
  expect(await nextText(raya)).toBe("after");
  expect(events.filter(({ type }) => type === "typing")).toEqual([]);
  expect(raya.discarded["unsupported-frame"]).toBeUndefined();
});

test("a signal that comes as a message is a signal all the same", async () => {
  const { raya, newer } = await openBoth();
  await using _raya = raya;
  const events = raya.events();
  newer.sendFrame(contentFrame(typing()));
  for await (const event of events) if (event.type === "typing") break;
  newer.sendFrame(contentFrame(text("after")));
  expect(await nextText(raya)).toBe("after");
  const [conversation] = await raya.conversations();
  expect(await conversation?.history()).toHaveLength(2);
});

test("receipts and cancellations count for nothing that the peer cannot know, and never for its own", async () => {
  const { raya, newer } = await openBoth();
  await using _raya = raya;
  const [conversation] = await raya.conversations();
  if (conversation === undefined) throw new Error("no conversation");
  const another = await conversation.send(text("on its way"));
  await another.sent();
  const sent = await conversation.send(file({ name: "", mediaType: "", bytes: new Uint8Array(6_000_000) }));
  expect(await sent.pause()).toBe(true);
  const events: ChatEvent[] = [];
  void (async () => {
    for await (const event of raya.events()) events.push(event);
  })();
  const [hello] = await conversation.history();
  for (const id of ["00".repeat(16), hello?.id ?? "", sent.id]) {
    newer.sendSignal(contentFrame(readReceipt([id])));
  }
  const unknown = { kind: "cancelled", payloadHash: new Uint8Array(32).fill(1), sdsIds: ["00".repeat(16)] } as const;
  newer.sendSignal(encodePrivateFrame({ timestampMs: 1, body: unknown }));
  newer.sendFrame(contentFrame(text("after")));
  expect(await nextText(raya)).toBe("after");
  expect([await another.status(), await sent.status()]).toEqual(["sent", "queued"]);
  expect(events.filter(({ type }) => type === "status" || type === "cancelled")).toEqual([]);
  // It names what it must have: that is as good as a confirmation.
  newer.sendSignal(contentFrame(readReceipt([another.id])));
  await another.read();
  expect((await sent.progress())?.isPaused).toBe(true);
});
