/**
 * Each of these tries to break one of the invariants of `docs/architecture.md`.
 */

import { ChatError, file, type OutboundMessage, text } from "@chat/sdk";
import { MemoryDelivery, MemoryNetwork } from "@chat/sdk/testing";
import { openMemoryStore, type Store, type StoreTransaction } from "@chat/store";
import { describe, expect, test } from "@jest/globals";
import { next, nextText, open, until } from "./people.ts";

/** A store whose writes can be held back or made to fail. */
class FaultyStore {
  readonly store: Store = openMemoryStore();
  readonly events: string[] = [];
  fails = false;
  /** So many of the next writes fail. */
  failures = 0;
  #gate: Promise<void> = Promise.resolve();

  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = promise;
    return resolve;
  }

  asStore(): Store {
    const { store } = this;
    return {
      messages: store.messages,
      secrets: store.secrets,
      close: () => store.close(),
      [Symbol.asyncDispose]: () => store.close(),
      write: async (change: (tx: StoreTransaction) => void) => {
        await this.#gate;
        await store.write((tx) => {
          change(tx);
          this.failures -= 1;
          if (this.fails || this.failures >= 0) throw new Error("disk full");
        });
        this.events.push("durable");
      },
    };
  }
}

/** A connection that tells what it publishes. */
class WatchedDelivery extends MemoryDelivery {
  readonly watched: OutboundMessage[] = [];
  refusals: Error[] = [];

  override async publish(message: OutboundMessage) {
    this.watched.push(message);
    const refusal = this.refusals.shift();
    if (refusal !== undefined) throw refusal;
    return super.publish(message);
  }
}

describe("invariant 1: nothing is emitted before it is durable, nothing durable is emitted twice", () => {
  test("a received message appears only when its transaction is done", async () => {
    const network = new MemoryNetwork();
    const faulty = new FaultyStore();
    await using raya = await open(network.connect(), { database: faulty.asStore() });
    await using saro = await open(network.connect());
    const invite = await raya.createInvite();
    const release = faulty.hold();
    const seen: string[] = [];
    const reading = (async () => {
      for await (const event of raya.events()) if (event.type === "message") seen.push("event");
    })();
    const stream = nextText(raya).then(() => seen.push("stream"));
    const chat = await saro.accept(invite);
    const hello = await chat.send(text("hello"));
    await hello.sent();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(seen).toEqual([]);
    expect(await hello.status()).toBe("sent");
    release();
    await stream;
    await hello.delivered();
    await raya.close();
    await reading;
    expect(seen.sort()).toEqual(["event", "stream"]);
  });

  test("a message taken is not emitted again, neither by another stream nor by copies from the network", async () => {
    const network = new MemoryNetwork();
    await using raya = await open(network.connect());
    await using saro = await open(network.connect());
    const chat = await saro.accept(await raya.createInvite(), text("1"));
    expect(await nextText(raya)).toBe("1");
    for (const [index, message] of [...network.published].entries())
      network.inject({ ...message, hash: `copy ${index}` });
    await chat.send(text("2"));
    expect(await nextText(raya)).toBe("2");
  });
});

describe("invariant 2: a failed decrypt, decode or transaction changes no state", () => {
  test("a message whose transaction failed is received whole when it comes again", async () => {
    const network = new MemoryNetwork();
    const faulty = new FaultyStore();
    const delivery = network.connect();
    await using raya = await open(delivery, { database: faulty.asStore() });
    await using saro = await open(network.connect());
    const chat = await saro.accept(await raya.createInvite(), text("1"));
    expect(await nextText(raya)).toBe("1");
    await (await chat.send(text("2"))).delivered();
    expect(await nextText(raya)).toBe("2");

    const errors: unknown[] = [];
    const reading = (async () => {
      for await (const event of raya.events()) if (event.type === "error") errors.push(event.error);
    })();
    faulty.fails = true;
    const bytes = new Uint8Array(500_000).fill(3);
    const sent = await chat.send(file({ name: "f", mediaType: "", bytes }));
    await sent.sent();
    await until(() => errors.length >= 3, "every segment met the full disk");
    faulty.fails = false;
    delivery.setHealth("disconnected");
    delivery.setHealth("connected"); // reconnecting looks back into the store
    expect((await next(raya)).content).toMatchObject({ bytes });
    await sent.delivered();
    await raya.close();
    await reading;
  });

  test("a send whose transaction failed leaves no trace, and the next one works", async () => {
    const network = new MemoryNetwork();
    const faulty = new FaultyStore();
    await using raya = await open(network.connect());
    await using saro = await open(network.connect(), { database: faulty.asStore() });
    const chat = await saro.accept(await raya.createInvite(), text("1"));
    expect(await nextText(raya)).toBe("1");
    faulty.fails = true;
    await expect(chat.send(text("lost to the disk"))).rejects.toThrow("disk full");
    faulty.fails = false;
    await (await chat.send(text("2"))).delivered();
    expect(await nextText(raya)).toBe("2");
    expect((await chat.history()).map(({ content }) => content)).toMatchObject([{ text: "1" }, { text: "2" }]);
  });
});

describe("invariant 3: a ratchet step is durable before its ciphertext leaves, and no message key is used twice", () => {
  test("nothing is published while the transaction is under way", async () => {
    const network = new MemoryNetwork();
    const faulty = new FaultyStore();
    const delivery = new WatchedDelivery(network);
    await using raya = await open(network.connect());
    await using saro = await open(delivery, { database: faulty.asStore() });
    const invite = await raya.createInvite();
    const release = faulty.hold();
    const accepting = saro.accept(invite, text("hello"));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(delivery.watched).toEqual([]);
    release();
    await accepting;
    expect(await nextText(raya)).toBe("hello");
  });

  test("a message whose write fails never leaves, although its place in the quota was written beside it", async () => {
    const network = new MemoryNetwork();
    const faulty = new FaultyStore();
    const delivery = new WatchedDelivery(network);
    await using raya = await open(network.connect());
    await using saro = await open(delivery, { database: faulty.asStore() });
    const chat = await saro.accept(await raya.createInvite(), text("1"));
    await (await chat.send(text("2"))).delivered();
    const [published, used] = [delivery.watched.length, saro.quota.used];
    faulty.failures = 1;
    await expect(chat.send(text("never"))).rejects.toThrow("disk full");
    await until(() => saro.quota.used > used, "the place is taken");
    await (await chat.send(text("3"))).delivered();
    expect(delivery.watched).toHaveLength(published + 1);
    expect(await Array.fromAsync(faulty.store.messages.outbox())).toEqual([]);
    for (const body of ["1", "2", "3"]) expect(await nextText(raya)).toBe(body);
  });

  test("a retry is the same bytes with the same timestamp; no two messages share anything", async () => {
    const network = new MemoryNetwork();
    const delivery = new WatchedDelivery(network);
    await using raya = await open(network.connect());
    await using saro = await open(delivery);
    const chat = await saro.accept(await raya.createInvite());
    delivery.refusals.push(new ChatError("DELIVERY_REFUSED", "busy", { retryable: true }));
    await chat.send(text("same"));
    expect(await nextText(raya)).toBe("same");
    expect(delivery.watched.length).toBe(2);
    expect(delivery.watched[1]).toEqual(delivery.watched[0]);
    await chat.send(text("same"));
    expect(await nextText(raya)).toBe("same");
    const payloads = new Set(network.published.map(({ payload }) => payload.toString()));
    expect(payloads.size).toBe(network.published.length);
  });

  test("a message that the network refuses for good is failed and does not block the next one", async () => {
    const network = new MemoryNetwork();
    const delivery = new WatchedDelivery(network);
    await using raya = await open(network.connect());
    await using saro = await open(delivery);
    const chat = await saro.accept(await raya.createInvite(), text("1"));
    expect(await nextText(raya)).toBe("1");
    delivery.refusals.push(new ChatError("DELIVERY_REFUSED", "never", { retryable: false }));
    const refused = await chat.send(text("2"));
    await expect(refused.sent()).rejects.toMatchObject({ code: "MESSAGE_FAILED" });
    expect(await refused.status()).toBe("failed");
    await chat.send(text("3"));
    expect(await nextText(raya)).toBe("3");
  });
});

test("what an observer sees has one size for short texts and acknowledgements, and no account key", async () => {
  const network = new MemoryNetwork();
  await using raya = await open(network.connect());
  await using saro = await open(network.connect());
  const chat = await saro.accept(await raya.createInvite());
  const sizes = new Set<number>();
  for (const body of ["x", "y".repeat(100), "z"]) await (await chat.send(text(body))).delivered();
  for (const { payload } of network.published) sizes.add(payload.length);
  expect(network.published.length).toBeGreaterThanOrEqual(6);
  // An envelope with its key field is 34 bytes longer than one without: two sizes in all, neither of which says which.
  expect(sizes.size).toBeLessThanOrEqual(2);
  const seen = network.published.map(({ payload }) => Buffer.from(payload).toString("hex")).join(" ");
  for (const client of [raya, saro]) expect(seen).not.toContain(client.accountId);
});
