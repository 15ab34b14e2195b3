import { type ChatClient, compareSafetyCode, file, isFile, text } from "@chat/sdk";
import { MemoryNetwork } from "@chat/sdk/testing";
import { expect, test } from "@jest/globals";
import { next, nextText, open, temporaryFolder, until } from "./people.ts";
import { VirtualClock } from "./virtual-clock.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

async function openInviteOf(client: ChatClient) {
  const [invite] = await client.invites();
  if (invite === undefined) throw new Error("want an open invite, got none");
  return invite;
}

test("a post-quantum link begins a conversation, also with a file before the first answer (CHAT-U2)", async () => {
  const network = new MemoryNetwork();
  const ofRaya = network.connect();
  await using raya = await open(ofRaya);
  await using saro = await open(network.connect());
  const link = await raya.createInvite({ postQuantum: true });
  expect(link).toMatch(/^logos_chatintro_2_/);
  ofRaya.setHealth("disconnected");
  const chat = await saro.accept(link, text("hello"));
  const bytes = Uint8Array.from({ length: 400_000 }, (_, index) => (index * 7) % 251);
  await chat.send(file({ name: "a.bin", mediaType: "", bytes }));
  await until(() => network.published.length >= 4, "everything of Saro's is published");
  expect(Math.max(...network.published.map(({ payload }) => payload.length))).toBeLessThan(150 * 1024);
  ofRaya.setHealth("connected");
  expect(await nextText(raya)).toBe("hello");
  const { content, conversation } = await next(raya);
  expect(isFile(content) && content.bytes).toEqual(bytes);
  await conversation.send(text("hello Saro"));
  expect(await nextText(saro)).toBe("hello Saro");
});

test("both sides see one safety number, and nobody else's is equal", async () => {
  const network = new MemoryNetwork();
  await using raya = await open(network.connect());
  await using saro = await open(network.connect());
  await using mallory = await open(network.connect());
  const chat = await saro.accept(await raya.createInvite(), text("hello"));
  const { conversation } = await next(raya);
  const [ofSaro, ofRaya] = [chat.safetyNumber(), conversation.safetyNumber()];
  expect(ofSaro.digits).toMatch(/^\d{60}$/);
  expect(ofRaya).toEqual(ofSaro);
  expect(compareSafetyCode(ofRaya.code, ofSaro)).toBe("match");
  const other = await saro.accept(await mallory.createInvite());
  expect(compareSafetyCode(other.safetyNumber().code, ofSaro)).toBe("mismatch");
});

test("open invites are listed with links that work, and no longer when they are used", async () => {
  const network = new MemoryNetwork();
  await using raya = await open(network.connect());
  await using saro = await open(network.connect());
  await raya.createInvite({ expiresInMs: DAY_MS });
  await raya.createInvite({ postQuantum: true });
  const [classical, hybrid] = await raya.invites();
  expect([classical?.isPostQuantum, hybrid?.isPostQuantum]).toEqual([false, true]);
  expect(classical?.expiresAt?.getTime()).toBe((classical?.createdAt.getTime() ?? 0) + DAY_MS);
  expect(hybrid?.expiresAt).toBeUndefined();
  await saro.accept(classical?.link ?? "", text("by the listed link"));
  expect(await nextText(raya)).toBe("by the listed link");
  expect((await raya.invites()).map(({ id }) => id)).toEqual([hybrid?.id]);
});

test("a revoked link refuses, also after a restart; what began with it goes on", async () => {
  using folder = temporaryFolder();
  const network = new MemoryNetwork();
  await using saro = await open(network.connect());
  await using mallory = await open(network.connect());
  const before = await open(network.connect(), { database: folder.path("raya.db") });
  const link = await before.createInvite();
  const { id } = await openInviteOf(before);
  await before.revokeInvite(id);
  await before.close();
  await using raya = await open(network.connect(), { database: folder.path("raya.db") });
  expect(await raya.invites()).toEqual([]);
  await expect(raya.revokeInvite(id)).rejects.toMatchObject({ code: "NOT_FOUND" });
  await mallory.accept(link, text("too late"));
  await until(() => (raya.discarded["not-for-us"] ?? 0) > 0, "the first message is refused");

  const used = await raya.createInvite();
  const chat = await saro.accept(used, text("in time"));
  expect(await nextText(raya)).toBe("in time");
  await expect(raya.revokeInvite("0".repeat(64))).rejects.toMatchObject({ code: "NOT_FOUND" });
  await chat.send(text("and on"));
  expect(await nextText(raya)).toBe("and on");
  expect(await raya.conversations()).toHaveLength(1);
});

test("100 invites may wait; a revoked or expired one makes room", async () => {
  const clock = new VirtualClock();
  await using raya = await open(new MemoryNetwork().connect(), { clock });
  await raya.createInvite({ expiresInMs: DAY_MS });
  for (let count = 1; count < 100; count += 1) await raya.createInvite();
  await expect(raya.createInvite()).rejects.toMatchObject({ code: "TOO_MANY_INVITES" });
  const [, second] = await raya.invites();
  await raya.revokeInvite(second?.id ?? "");
  await raya.createInvite();
  await expect(raya.createInvite()).rejects.toMatchObject({ code: "TOO_MANY_INVITES" });
  await clock.pass(DAY_MS);
  expect(await raya.invites()).toHaveLength(99);
  await raya.createInvite();
});
