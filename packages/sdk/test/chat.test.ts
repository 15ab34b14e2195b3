import { ChatClient, file, isFile, text } from "@chat/sdk";
import { MemoryNetwork } from "@chat/sdk/testing";
import { describe, expect, test } from "@jest/globals";
import { next, nextText, nextTexts, open, temporaryFolder, textOf, until } from "./people.ts";

describe("two people", () => {
  test("a message written to somebody who is offline arrives when they come online, and its sender learns it (CHAT-U1, CHAT-F4)", async () => {
    using folder = temporaryFolder();
    const network = new MemoryNetwork();
    const database = folder.path("raya.db");
    const offline = await open(network.connect(), { database });
    const invite = await offline.createInvite();
    await offline.close();

    await using saro = await open(network.connect());
    const chat = await saro.accept(invite);
    const hello = await chat.send(text("hello"));
    await hello.sent();
    expect(await hello.status()).toBe("sent");

    await using raya = await open(network.connect(), { database });
    const message = await next(raya);
    expect(message.content).toMatchObject({ text: "hello" });
    expect(message.id).toBe(hello.id);
    expect(message.conversation.peer).toBe(saro.accountId);
    await hello.delivered();
    expect(await hello.status()).toBe("delivered");
  });

  test("both write, in order, and both histories are equal (CHAT-F2)", async () => {
    const network = new MemoryNetwork();
    await using raya = await open(network.connect());
    await using saro = await open(network.connect());
    const chat = await saro.accept(await raya.createInvite(), text("1"));
    const { conversation } = await next(raya);
    for (const body of ["2", "3"]) await conversation.send(text(body));
    expect(await nextTexts(saro, 2)).toEqual(["2", "3"]);
    await (await chat.send(text("4"))).delivered();
    expect(await nextText(raya)).toBe("4");
    const texts = async (of: typeof chat) => (await of.history()).map(({ content }) => content);
    expect(await texts(chat)).toEqual(await texts(conversation));
    expect((await texts(chat)).length).toBe(4);
  });

  test("a burst sent without waiting arrives whole and in order, equal texts included", async () => {
    const network = new MemoryNetwork();
    await using raya = await open(network.connect());
    await using saro = await open(network.connect());
    const chat = await saro.accept(await raya.createInvite());
    const bodies = Array.from({ length: 60 }, (_, index) => `${index >> 1}`);
    const tooLarge = new Uint8Array(100 * 2 ** 20 + 1);
    const sending = bodies.map((body) => chat.send(text(body)));
    const refused = expect(chat.send(file({ name: "x", mediaType: "", bytes: tooLarge }))).rejects.toMatchObject({
      code: "MESSAGE_TOO_LARGE",
    });
    sending.push(chat.send(text("last")));
    await refused;
    const sent = await Promise.all(sending);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(61);
    expect(await nextTexts(raya, 61)).toEqual([...bodies, "last"]);
    await Promise.all(sent.map((message) => message.delivered()));
    expect((await chat.history({ limit: 100 })).map(({ id }) => id)).toEqual(sent.map(({ id }) => id));
  });

  test("a file of 1 MB crosses in segments, and an empty text and an empty file cross too (SEG-F1, SEG-F2)", async () => {
    const network = new MemoryNetwork();
    await using raya = await open(network.connect());
    await using saro = await open(network.connect());
    const bytes = new Uint8Array(1_000_000).map((_, index) => index * 7 + (index >> 8));
    const chat = await saro.accept(await raya.createInvite());
    const before = network.published.length;
    const sent = await chat.send(file({ name: "a.bin", mediaType: "application/octet-stream", bytes }));
    const { content } = await next(raya);
    if (!isFile(content)) throw new TypeError("want a file");
    expect(content.bytes).toEqual(bytes);
    await sent.delivered();
    expect(network.published.length - before).toBeGreaterThan(6);
    expect(Math.max(...network.published.map(({ payload }) => payload.length))).toBeLessThan(150 * 1024);
    await chat.send(text(""));
    expect(await nextText(raya)).toBe("");
    await chat.send(file({ name: "", mediaType: "", bytes: new Uint8Array() }));
    expect((await next(raya)).content).toMatchObject({ bytes: new Uint8Array() });
  });

  test("both are closed, opened from disk, and go on; nothing is shown twice (CHAT-F6, CHAT-F7)", async () => {
    using folder = temporaryFolder();
    const network = new MemoryNetwork();
    const openBoth = async () => ({
      raya: await open(network.connect(), { database: folder.path("raya.db") }),
      saro: await open(network.connect(), { database: folder.path("saro.db") }),
    });
    const first = await openBoth();
    const accounts = [first.raya.accountId, first.saro.accountId];
    await first.saro.accept(await first.raya.createInvite(), text("before"));
    expect(await nextText(first.raya)).toBe("before");
    await first.raya.close();
    await first.saro.close();

    const second = await openBoth();
    expect([second.raya.accountId, second.saro.accountId]).toEqual(accounts);
    const [chat] = await second.saro.conversations();
    await (await chat?.send(text("after")))?.delivered();
    expect(await nextText(second.raya)).toBe("after");
    const [conversation] = await second.raya.conversations();
    expect((await conversation?.history())?.map(({ content }) => content)).toMatchObject([
      { text: "before" },
      { text: "after" },
    ]);
    await second.raya.close();
    await second.saro.close();
  });

  test("a file whose segments arrive before and after a restart is whole", async () => {
    using folder = temporaryFolder();
    const network = new MemoryNetwork();
    const database = folder.path("raya.db");
    await using saro = await open(network.connect());
    let raya = await open(network.connect(), { database });
    const chat = await saro.accept(await raya.createInvite(), text("hi"));
    await nextText(raya);
    await until(
      async () => (await chat.history()).every((m) => m.direction === "outgoing" && m.status === "delivered"),
      "delivered",
    );
    let copies = 0;
    network.losesCopy = ({ payload }) => {
      if (payload.length < 1_000) return false; // confirmations arrive
      copies += 1;
      return copies > 3;
    };
    const bytes = new Uint8Array(1_000_000).fill(7);
    const sent = await chat.send(file({ name: "b", mediaType: "", bytes }));
    await sent.sent();
    await until(() => copies >= 7, "all segments were published");
    await raya.close();
    network.losesCopy = () => false;
    raya = await open(network.connect(), { database });
    const { content } = await next(raya);
    expect(isFile(content) && content.bytes.length).toBe(1_000_000);
    await sent.delivered();
    await raya.close();
  });

  test("two people who accept each other's invites at the same time are in one conversation", async () => {
    const network = new MemoryNetwork();
    await using raya = await open(network.connect());
    await using saro = await open(network.connect());
    const [toRaya, toSaro] = [await raya.createInvite(), await saro.createInvite()];
    await Promise.all([saro.accept(toRaya, text("from Saro")), raya.accept(toSaro, text("from Raya"))]);
    expect(await nextText(raya)).toBe("from Saro");
    expect(await nextText(saro)).toBe("from Raya");
    const [conversations, others] = [await raya.conversations(), await saro.conversations()];
    expect([conversations.length, others.length]).toEqual([1, 1]);
    await (await conversations[0]?.send(text("both ways")))?.delivered();
    expect(await nextText(saro)).toBe("both ways");
  });

  test.each(["subscription", "store"] as const)(
    "messages that the %s brings out of order are read in order",
    async (source) => {
      const network = new MemoryNetwork();
      await using saro = await open(network.connect());
      await using raya = await open(network.connect());
      const chat = await saro.accept(await raya.createInvite());
      const scrambled = <Item>(items: Item[]) => items.map((_, index) => items[(index * 7 + 5) % items.length] as Item);
      network.losesCopy = () => true;
      network.answerHistory = (messages) => (source === "store" ? scrambled(messages) : []);
      // The first twelve are first messages: whichever comes first cannot create the session out of turn.
      for (const bodies of [numbers(0, 12), numbers(12, 24)]) {
        const before = network.published.length;
        const sent = await Promise.all(bodies.map((body) => chat.send(text(body))));
        await Promise.all(sent.map((message) => message.sent()));
        network.losesCopy = () => false;
        const batch = network.published.slice(before);
        if (source === "subscription") for (const message of scrambled(batch)) network.inject(message);
        else network.inject({ ...(batch.at(-1) as (typeof batch)[0]) }); // too early: makes Raya look into the store
        expect(await nextTexts(raya, 12)).toEqual(bodies);
        await Promise.all(sent.map((message) => message.delivered()));
        network.losesCopy = ({ topic }) => topic === batch[0]?.topic;
      }
    },
  );

  test("first messages that arrive after an ordinary envelope of their session still open", async () => {
    const network = new MemoryNetwork();
    await using saro = await open(network.connect());
    const delivery = network.connect();
    await using raya = await open(delivery);
    const chat = await saro.accept(await raya.createInvite());
    network.answerHistory = () => [];
    network.losesCopy = () => network.published.length === 2 || network.published.length === 3;
    await Promise.all(["1", "2", "3"].map((body) => chat.send(text(body))));
    const first = await next(raya);
    expect(textOf(first)).toBe("1");
    // Saro confirms the answer with an ordinary envelope, while two of his first messages are still on their way.
    const answer = await first.conversation.send(text("yes?"));
    expect(await nextText(saro)).toBe("yes?");
    await answer.delivered();
    network.answerHistory = (messages) => messages;
    delivery.setHealth("disconnected");
    delivery.setHealth("connected");
    expect(await nextTexts(raya, 2)).toEqual(["2", "3"]);
    await (await chat.send(text("4"))).delivered();
    expect(await nextText(raya)).toBe("4");
  });

  test("a message lost by the subscription is found in the store, before the next one is shown", async () => {
    const network = new MemoryNetwork();
    await using raya = await open(network.connect());
    await using saro = await open(network.connect());
    const chat = await saro.accept(await raya.createInvite(), text("1"));
    await nextText(raya);
    await until(
      async () => (await chat.history()).every((m) => m.direction === "outgoing" && m.status === "delivered"),
      "delivered",
    );
    const events: string[] = [];
    const reading = (async () => {
      for await (const { type } of raya.events()) events.push(type);
    })();
    network.losesCopy = () => true;
    await (await chat.send(text("2"))).sent();
    network.losesCopy = () => false;
    await chat.send(text("3"));
    expect(await nextTexts(raya, 2)).toEqual(["2", "3"]);
    await raya.close();
    await reading;
    expect(events.filter((type) => type !== "catch-up")).toEqual(["missing", "message", "message", "found"]);
  });

  test("messages written while the network is away wait and go out when it is back", async () => {
    const network = new MemoryNetwork();
    await using raya = await open(network.connect());
    const delivery = network.connect();
    await using saro = await open(delivery);
    delivery.setHealth("disconnected");
    expect(saro.health).toBe("disconnected");
    const chat = await saro.accept(await raya.createInvite(), text("queued"));
    const [record] = await chat.history();
    expect(record).toMatchObject({ status: "queued" });
    delivery.setHealth("connected");
    expect(await nextText(raya)).toBe("queued");
  });
});

describe("the client", () => {
  test("close is idempotent, ends the streams, and later calls say so", async () => {
    const network = new MemoryNetwork();
    const client = await open(network.connect());
    const ended = Promise.all([Array.fromAsync(client.messages()), Array.fromAsync(client.events())]);
    await Promise.all([client.close(), client.close()]);
    await client.close();
    const [messages, events] = await ended;
    expect(messages).toEqual([]);
    expect(events.filter(({ type }) => type !== "catch-up")).toEqual([]);
    await expect(client.createInvite()).rejects.toMatchObject({ code: "CLOSED" });
    await expect(client.conversations()).rejects.toMatchObject({ code: "CLOSED" });
    expect(() => client.events()).toThrow(expect.objectContaining({ code: "CLOSED" }));
  });

  test("a stream ends on its signal, and waiting ends with the signal's reason", async () => {
    const network = new MemoryNetwork();
    await using client = await open(network.connect());
    await using other = await open(network.connect());
    const abort = new AbortController();
    const ended = Array.fromAsync(client.messages({ signal: abort.signal }));
    const chat = await client.accept(await other.createInvite());
    await other.close();
    const waiting = (await chat.send(text("x"))).delivered({ signal: abort.signal });
    const reason = new Error("enough");
    abort.abort(reason);
    expect(await ended).toEqual([]);
    await expect(waiting).rejects.toBe(reason);
    await expect(
      ChatClient.create({ database: null, network: network.connect() }, { signal: abort.signal }),
    ).rejects.toBe(reason);
  });

  test("`since` reads again from a position of the application's own", async () => {
    const network = new MemoryNetwork();
    await using raya = await open(network.connect());
    await using saro = await open(network.connect());
    const chat = await saro.accept(await raya.createInvite(), text("1"));
    await chat.send(text("2"));
    const first = await next(raya);
    const second = await next(raya);
    const again: number[] = [];
    for await (const message of raya.messages({ since: 0 })) {
      again.push(message.sequence);
      if (again.length === 2) break;
    }
    expect(again).toEqual([first.sequence, second.sequence]);
  });
});

function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => `${from + index}`);
}
