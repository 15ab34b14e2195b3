/** Strangers: what they may do before somebody accepts them, and what happens to links that are used in unexpected ways. */
import { type ChatEvent, type Conversation, text } from "@chat/sdk";
import { MemoryNetwork } from "@chat/sdk/testing";
import { expect, test } from "@jest/globals";
import { open, temporaryFolder, until } from "./people.ts";
import { errorsOf, openPerson } from "./person.ts";
import { VirtualClock } from "./virtual-clock.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

type Person = Awaited<ReturnType<typeof openPerson>>;

function world() {
  const clock = new VirtualClock();
  const network = new MemoryNetwork();
  const people: Person[] = [];
  return {
    clock,
    network,
    async person(options: Partial<Parameters<typeof openPerson>[1]> = {}): Promise<Person> {
      const person = await openPerson(network.connect(), { clock, ...options });
      people.push(person);
      return person;
    },
    async [Symbol.asyncDispose]() {
      for (const { client } of people) await client.close();
      for (const person of people) expect(errorsOf(person)).toEqual([]);
    },
  };
}

async function onlyChat({ client }: Person): Promise<Conversation> {
  const [chat, ...others] = await client.conversations();
  if (chat === undefined || others.length > 0)
    throw new Error(`want one conversation, got ${others.length + (chat ? 1 : 0)}`);
  return chat;
}

const standings = (events: readonly ChatEvent[]) =>
  events.flatMap((event) => (event.type === "standing" ? [event.standing] : []));

test("who comes by a link for many is a request: kept, and told nothing until it is accepted", async () => {
  await using chat = world();
  const { clock } = chat;
  const raya = await chat.person();
  const saro = await chat.person();
  const link = await raya.client.createInvite({ multiUse: true });
  const toRaya = await saro.client.accept(link, text("hello"));
  await toRaya.send(text("are you there?"));
  await clock.pass(5 * MINUTE_MS);
  const request = await onlyChat(raya);
  expect(request.standing()).toBe("request");
  expect(await raya.client.overview()).toMatchObject([{ standing: "request", unreadCount: 2 }]);
  expect(standings(raya.events)).toEqual(["request"]);
  expect(raya.texts).toEqual(["hello", "are you there?"]);
  // Whoever wrote does not learn that anybody read it, not even that there is a client.
  expect(await saro.client.find({ status: "sent" })).toHaveLength(2);
  expect(saro.events.filter((event) => event.type === "status" && event.status === "delivered")).toEqual([]);
  await request.accept();
  await clock.pass(MINUTE_MS);
  expect(request.standing()).toBe("open");
  expect(standings(raya.events)).toEqual(["request", "open"]);
  expect(await saro.client.find({ status: "delivered" })).toHaveLength(2);
  // The link goes on working, for others.
  const third = await chat.person();
  await third.client.accept(link, text("me too"));
  await clock.pass(MINUTE_MS);
  expect(raya.texts).toContain("me too");
});

test("writing to a request accepts it; a link for one needs no acceptance", async () => {
  await using chat = world();
  const { clock } = chat;
  const raya = await chat.person();
  const saro = await chat.person();
  await saro.client.accept(await raya.client.createInvite({ multiUse: true }), text("hello"));
  await clock.pass(MINUTE_MS);
  await (await onlyChat(raya)).send(text("hello Saro"));
  await clock.pass(MINUTE_MS);
  expect((await onlyChat(raya)).standing()).toBe("open");
  expect(saro.texts).toEqual(["hello Saro"]);
  expect(await saro.client.find({ status: "delivered" })).toHaveLength(1);
  const third = await chat.person();
  await third.client.accept(await raya.client.createInvite(), text("by the other link"));
  await clock.pass(MINUTE_MS);
  expect(await third.client.find({ status: "delivered" })).toHaveLength(1);
  expect(standings(raya.events)).toEqual(["request", "open", "open"]);
});

test.each([
  ["all", false, "request"],
  ["none", true, "open"],
] as const)("the application decides who is a request: %s", async (requests, multiUse, standing) => {
  await using chat = world();
  const raya = await chat.person({ requests });
  const saro = await chat.person();
  await saro.client.accept(await raya.client.createInvite({ multiUse }), text("hello"));
  await chat.clock.pass(MINUTE_MS);
  expect((await onlyChat(raya)).standing()).toBe(standing);
});

test("a request stores a bounded number of messages, and the rest comes when it is accepted", async () => {
  await using chat = world();
  const { clock } = chat;
  const raya = await chat.person();
  const saro = await chat.person({ rateLimit: "devnet" });
  const toRaya = await saro.client.accept(await raya.client.createInvite({ multiUse: true }), text("0"));
  for (let index = 1; index < 130; index += 1) {
    await toRaya.send(text(`${index}`));
    await clock.pass(1_000);
  }
  await clock.pass(MINUTE_MS);
  expect(raya.texts).toHaveLength(100);
  expect(raya.client.discarded["request-full"]).toBeGreaterThanOrEqual(30);
  await (await onlyChat(raya)).accept();
  await clock.pass(3 * HOUR_MS);
  expect([...raya.texts].sort()).toEqual(Array.from({ length: 130 }, (_, index) => `${index}`).sort());
  expect(await saro.client.find({ status: "delivered", limit: 200 })).toHaveLength(130);
});

test("the bound of a request is that of the person, however many links they use", async () => {
  await using chat = world();
  const { clock } = chat;
  const raya = await chat.person();
  const saro = await chat.person({ rateLimit: "devnet" });
  const links = await Promise.all([1, 2, 3].map(() => raya.client.createInvite({ multiUse: true })));
  for (const link of links) {
    const toRaya = await saro.client.accept(link, text("hello"));
    for (let index = 0; index < 45; index += 1) await toRaya.send(text(`${index}`));
    await clock.pass(10_000);
  }
  await saro.client.accept(await raya.client.createInvite({ multiUse: true }), text("one more"));
  await clock.pass(10_000);
  expect(raya.texts).toHaveLength(100);
  expect(raya.client.discarded["request-full"]).toBeGreaterThan(30);
  expect((await raya.store.secrets.sessions()).length).toBeLessThan(4);
});

test("a file to a request is not stored beyond the bound", async () => {
  await using chat = world();
  const { clock } = chat;
  const raya = await chat.person();
  const saro = await chat.person({ rateLimit: "devnet" });
  const toRaya = await saro.client.accept(await raya.client.createInvite({ multiUse: true }), text("hello"));
  await toRaya.send(text("x".repeat(5_000_000)));
  await clock.pass(10 * MINUTE_MS);
  const segments = await Array.fromAsync(raya.store.messages.segments());
  expect(segments.reduce((bytes, segment) => bytes + segment.bytes.length, 0)).toBeLessThanOrEqual(2 ** 20);
  await (await onlyChat(raya)).accept();
  await clock.pass(6 * HOUR_MS);
  expect(raya.texts).toEqual(["hello", "x".repeat(5_000_000)]);
});

test("a declined request leaves nothing, and its sender can begin again only with another link", async () => {
  await using chat = world();
  const { clock } = chat;
  const raya = await chat.person();
  const saro = await chat.person();
  const link = await raya.client.createInvite({ multiUse: true });
  const toRaya = await saro.client.accept(link, text("hello"));
  await clock.pass(MINUTE_MS);
  const request = await onlyChat(raya);
  await request.decline();
  expect(await raya.client.conversations()).toEqual([]);
  expect(() => request.standing()).toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
  await toRaya.send(text("hello?"));
  await clock.pass(2 * HOUR_MS); // also what is sent once more
  expect(await raya.client.conversations()).toEqual([]);
  expect(raya.texts).toEqual(["hello"]);
  expect(await saro.client.find({ status: "sent" })).toHaveLength(2);
  await saro.client.accept(await raya.client.createInvite(), text("by another link"));
  await clock.pass(MINUTE_MS);
  expect(raya.texts).toEqual(["hello", "by another link"]);
});

test("what somebody who is blocked sends is dropped before it is stored, whichever link they use", async () => {
  await using chat = world();
  const { clock } = chat;
  const raya = await chat.person();
  const saro = await chat.person();
  const toRaya = await saro.client.accept(await raya.client.createInvite(), text("hello"));
  await clock.pass(MINUTE_MS);
  const blocked = await onlyChat(raya);
  await blocked.block();
  expect(blocked.standing()).toBe("blocked");
  expect(raya.client.blocked()).toEqual([saro.client.accountId]);
  const before = await raya.store.messages.statistics();
  await toRaya.send(text("spam"));
  await clock.pass(10 * MINUTE_MS);
  await expect(blocked.send(text("no"))).rejects.toMatchObject({ name: "ChatError", code: "BLOCKED" });
  await saro.client.accept(await raya.client.createInvite(), text("by another link"));
  await clock.pass(10 * MINUTE_MS);
  expect(await raya.store.messages.statistics()).toEqual(before);
  expect(raya.client.discarded.blocked).toBeGreaterThanOrEqual(2);
  expect(await saro.client.find({ status: "delivered" })).toHaveLength(1);
  // Nor is the link that they hold used up.
  expect(await raya.client.invites()).toHaveLength(1);
  await blocked.accept();
  await clock.pass(3 * HOUR_MS);
  expect([...raya.texts].sort()).toEqual(["by another link", "hello", "spam"]);
});

test("requests and blocked accounts are known after a restart", async () => {
  using folder = temporaryFolder();
  const network = new MemoryNetwork();
  const database = folder.path("raya.db");
  await using saro = await open(network.connect());
  await using other = await open(network.connect());
  {
    await using raya = await open(network.connect(), { database });
    const link = await raya.createInvite({ multiUse: true });
    await saro.accept(link, text("hello"));
    await other.accept(link, text("spam"));
    await until(async () => (await raya.conversations()).length === 2, "both");
    await (await raya.conversations()).find(({ id }) => id === other.accountId)?.block();
  }
  {
    await using raya = await open(network.connect(), { database });
    const standings = (await raya.overview()).map(({ conversation, standing }) => [conversation.id, standing]);
    expect(Object.fromEntries(standings)).toEqual({ [saro.accountId]: "request", [other.accountId]: "blocked" });
    await (await other.conversations())[0]?.send(text("more spam"));
    await until(() => raya.discarded.blocked !== undefined, "dropped");
    await (await raya.conversations()).find(({ id }) => id === saro.accountId)?.accept();
    await until(async () => (await saro.find({ status: "delivered" })).length === 1, "confirmed");
  }
});

test("a blocked account stays blocked when its conversation is deleted", async () => {
  await using chat = world();
  const { clock } = chat;
  const raya = await chat.person();
  const saro = await chat.person();
  await saro.client.accept(await raya.client.createInvite(), text("hello"));
  await clock.pass(MINUTE_MS);
  const blocked = await onlyChat(raya);
  await blocked.block();
  await blocked.delete();
  await saro.client.accept(await raya.client.createInvite(), text("again"));
  await clock.pass(MINUTE_MS);
  expect(await raya.client.conversations()).toEqual([]);
  expect(raya.client.blocked()).toEqual([saro.client.accountId]);
  await raya.client.unblock(saro.client.accountId);
  await clock.pass(HOUR_MS);
  expect(raya.texts).toEqual(["hello", "again"]);
});

test("two people who accept each other's links at the same moment have one conversation, and nothing is lost", async () => {
  await using chat = world();
  const { clock } = chat;
  const raya = await chat.person();
  const saro = await chat.person();
  const [ofRaya, ofSaro] = [await raya.client.createInvite(), await saro.client.createInvite()];
  const [toSaro, toRaya] = await Promise.all([
    raya.client.accept(ofSaro, text("from Raya")),
    saro.client.accept(ofRaya, text("from Saro")),
  ]);
  await Promise.all([toSaro.send(text("second of Raya")), toRaya.send(text("second of Saro"))]);
  await clock.pass(5 * MINUTE_MS);
  for (let round = 0; round < 5; round += 1) {
    await toSaro.send(text(`Raya ${round}`));
    await toRaya.send(text(`Saro ${round}`));
    await clock.pass(10_000);
  }
  const rounds = (name: string) => [0, 1, 2, 3, 4].map((round) => `${name} ${round}`);
  expect(saro.texts).toEqual(["from Raya", "second of Raya", ...rounds("Raya")]);
  expect(raya.texts).toEqual(["from Saro", "second of Saro", ...rounds("Saro")]);
  for (const person of [raya, saro]) {
    expect(await onlyChat(person)).toBeDefined();
    expect(await person.client.find({ status: "delivered" })).toHaveLength(7);
  }
});

test("a link for one that two people use, that has expired or was revoked: whoever is late is never confirmed, and shown as such", async () => {
  await using chat = world();
  const { clock } = chat;
  const raya = await chat.person();
  const [first, second, third, fourth] = [
    await chat.person(),
    await chat.person(),
    await chat.person(),
    await chat.person(),
  ];
  const used = await raya.client.createInvite();
  await first.client.accept(used, text("first"));
  await clock.pass(MINUTE_MS);
  await second.client.accept(used, text("second"));
  const revoked = await raya.client.createInvite();
  const [{ id } = { id: "" }] = await raya.client.invites();
  await raya.client.revokeInvite(id);
  await third.client.accept(revoked, text("third"));
  const expired = await raya.client.createInvite({ expiresInMs: MINUTE_MS });
  await clock.pass(2 * MINUTE_MS);
  await fourth.client.accept(expired, text("fourth"));
  await clock.pass(3 * HOUR_MS);
  expect(raya.texts).toEqual(["first"]);
  expect(await first.client.find({ status: "delivered" })).toHaveLength(1);
  for (const late of [second, third, fourth]) {
    // It waits for ever, and says so: there is nobody who could answer without telling who they are.
    expect(await late.client.find({ status: "sent" })).toHaveLength(1);
    expect(await late.client.find({ status: "delivered" })).toEqual([]);
  }
});

test("a link accepted again by the same person is the same conversation; a peer who lost its database is a new one", async () => {
  await using chat = world();
  const { clock } = chat;
  const raya = await chat.person();
  const saro = await chat.person();
  const link = await raya.client.createInvite();
  const once = await saro.client.accept(link, text("one"));
  const twice = await saro.client.accept(link, text("two"));
  expect(twice.id).toBe(once.id);
  await clock.pass(MINUTE_MS);
  expect(raya.texts).toEqual(["one", "two"]);
  await saro.client.close();
  // The account is gone with its database: what is written to it is never confirmed.
  const toNobody = await (await onlyChat(raya)).send(text("to nobody"));
  const anew = await chat.person();
  await anew.client.accept(await raya.client.createInvite(), text("it is me, Saro"));
  await clock.pass(3 * HOUR_MS);
  expect(await toNobody.status()).toBe("sent");
  expect(await raya.client.conversations()).toHaveLength(2);
  expect(raya.texts).toEqual(["one", "two", "it is me, Saro"]);
});
