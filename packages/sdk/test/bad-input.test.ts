import { ChatClient, type ChatClientOptions, ChatError, file, text } from "@chat/sdk";
import { MemoryNetwork } from "@chat/sdk/testing";
import { describe, expect, test } from "@jest/globals";
import { next, nextText, open, temporaryFolder, until } from "./people.ts";

describe("bad input is an error with a code and a remedy", () => {
  test("a wrong, cut-off or altered invite link", async () => {
    const network = new MemoryNetwork();
    await using raya = await open(network.connect());
    await using saro = await open(network.connect());
    const invite = await raya.createInvite();
    const middle = Math.floor(invite.length / 2);
    const altered = `${invite.slice(0, middle)}${invite[middle] === "A" ? "B" : "A"}${invite.slice(middle + 1)}`;
    for (const link of ["", "hello", "https://example.org/", invite.slice(0, -5), altered]) {
      const failure = saro.accept(link, text("x"));
      await expect(failure).rejects.toBeInstanceOf(ChatError);
      await expect(failure).rejects.toMatchObject({ code: "INVALID_INVITE" });
    }
    expect(await saro.conversations()).toEqual([]);
    await saro.accept(`https://example.org/join#${invite}`, text("as a fragment"));
    expect(await nextText(raya)).toBe("as a fragment");
  });

  test("one's own invite", async () => {
    await using raya = await open(new MemoryNetwork().connect());
    await expect(raya.accept(await raya.createInvite())).rejects.toMatchObject({ code: "OWN_INVITE" });
  });

  test("a message over 100 MB", async () => {
    const network = new MemoryNetwork();
    await using raya = await open(network.connect());
    await using saro = await open(network.connect());
    const chat = await saro.accept(await raya.createInvite());
    const tooLarge = chat.send(file({ name: "x", mediaType: "", bytes: new Uint8Array(100 * 2 ** 20 + 1) }));
    await expect(tooLarge).rejects.toMatchObject({ code: "MESSAGE_TOO_LARGE" });
    await chat.send(text("still works"));
    expect(await nextText(raya)).toBe("still works");
  });

  test("a database that is open already (invariant 5)", async () => {
    using folder = temporaryFolder();
    const network = new MemoryNetwork();
    const database = folder.path("raya.db");
    await using owner = await open(network.connect(), { database });
    await expect(open(network.connect(), { database })).rejects.toMatchObject({ code: "STORE_LOCKED" });
    await owner.close();
    await (await open(network.connect(), { database })).close();
  });

  test("a wrong key", async () => {
    using folder = temporaryFolder();
    const network = new MemoryNetwork();
    const database = folder.path("raya.db");
    await (await open(network.connect(), { database, databaseKey: new Uint8Array(32).fill(1) })).close();
    const wrong = open(network.connect(), { database, databaseKey: new Uint8Array(32).fill(2) });
    await expect(wrong).rejects.toMatchObject({ code: "WRONG_KEY" });
  });

  test.each([
    [{ database: "" }, "database"],
    [{ network: { peers: [] } }, "network.peers"],
    [{ network: { peers: ["localhost:60000"] } }, "network.peers"],
    [{ network: { peers: ["/ip4/127.0.0.1/tcp/1/ws"], shards: 0 } }, "network.shards"],
    [{ network: { preset: "twn", clusterId: 65_536 } }, "network.clusterId"],
    [{ network: { preset: "twn", mailboxBits: 33 } }, "network.mailboxBits"],
    [{ network: { preset: "main" } }, "network.preset"],
    [{ network: { discovery: {} } }, "network.discovery"],
    [{ network: "main" }, "network: want twn or devnet, got main"],
    [{ network: {} }, "network"],
    [{ network: null }, "network"],
    [{ network: { publish: async () => {} } }, "{ publish }"],
    [{ rateLimit: "main" }, "rateLimit"],
    [{ acknowledgementDelayMs: -1 }, "acknowledgementDelayMs"],
    [{ connectTimeoutMs: 0 }, "connectTimeoutMs"],
  ])("an option out of range is named: %j", async (wrong, name) => {
    const options = { database: null, network: new MemoryNetwork().connect(), ...wrong } as ChatClientOptions;
    await expect(ChatClient.create(options)).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message: expect.stringContaining(name),
    });
  });
});

describe("garbage from the network is counted and dropped", () => {
  test("random bytes, altered copies and replays change nothing", async () => {
    const network = new MemoryNetwork();
    await using raya = await open(network.connect());
    await using saro = await open(network.connect());
    const chat = await saro.accept(await raya.createInvite(), text("1"));
    await next(raya);
    await (await chat.send(text("2"))).delivered();
    await next(raya);
    const captured = [...network.published];
    for (const [index, message] of captured.entries()) {
      const altered = message.payload.slice();
      const at = altered.length - 20;
      altered[at] = (altered[at] ?? 0) ^ 1;
      network.inject({ ...message, payload: altered, hash: `altered ${index}` });
      network.inject({ ...message, hash: `replayed ${index}` });
      network.inject({ ...message, payload: message.payload.subarray(0, 50), hash: `cut ${index}` });
    }
    network.inject({ topic: captured[0]?.topic ?? "", payload: new Uint8Array(0), timestampMs: 0, hash: "empty" });
    const replays = captured.length;
    await until(() => sum(raya) >= 3 * replays + 1 && sum(saro) >= 3 * replays + 1, "everything was looked at");
    expect(raya.discarded["not-an-envelope"]).toBe(replays + 1);
    expect(raya.discarded.undecryptable).toBeGreaterThan(0);
    await (await chat.send(text("3"))).delivered();
    expect(await nextText(raya)).toBe("3");
    const [conversation] = await raya.conversations();
    expect((await conversation?.history())?.length).toBe(3);
  });

  test("a used-up invite refuses a second person, and the first one goes on", async () => {
    const network = new MemoryNetwork();
    await using raya = await open(network.connect());
    await using saro = await open(network.connect());
    await using eve = await open(network.connect());
    const invite = await raya.createInvite();
    const chat = await saro.accept(invite, text("first"));
    expect(await nextText(raya)).toBe("first");
    await eve.accept(invite, text("second"));
    await until(() => sum(raya) > 0, "the second handshake was looked at");
    expect((await raya.conversations()).map(({ peer }) => peer)).toEqual([saro.accountId]);
    await (await chat.send(text("third"))).delivered();
  });

  test("an expired invite refuses", async () => {
    const network = new MemoryNetwork();
    await using raya = await open(network.connect());
    await using saro = await open(network.connect());
    const invite = await raya.createInvite({ expiresInMs: 1 });
    await new Promise((resolve) => setTimeout(resolve, 5));
    await saro.accept(invite, text("too late"));
    await until(() => raya.discarded["handshake-refused"] === 1, "the handshake was refused");
    expect(await raya.conversations()).toEqual([]);
  });
});

function sum(client: ChatClient): number {
  return Object.values(client.discarded).reduce((total, count) => total + count, 0);
}
