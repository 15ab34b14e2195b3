/** What arrives before what it follows is stored at once, shown in order, and never later than its hold. */
import { text } from "@chat/sdk";
import { MemoryNetwork } from "@chat/sdk/testing";
import { decodeState } from "@chat/sds";
import { openMemoryStore, type Store, type StoreTransaction } from "@chat/store";
import { expect, test } from "@jest/globals";
import { errorsOf, openPerson } from "./person.ts";
import { VirtualClock } from "./virtual-clock.ts";

const SECOND_MS = 1000;

/** Outlives the clients that have it, as a database on a disk; `failures` of the next writes fail. */
class Disk {
  readonly store = openMemoryStore();
  failures = 0;

  asStore(): Store {
    const { store } = this;
    const close = async () => {};
    const write = (change: (tx: StoreTransaction) => void) =>
      store.write((tx) => {
        change(tx);
        this.failures -= 1;
        if (this.failures >= 0) throw new Error("disk full");
      });
    return { messages: store.messages, secrets: store.secrets, write, close, [Symbol.asyncDispose]: close };
  }

  /** Ids that the sessions hold, and of them those with a row. */
  async held(): Promise<{ readonly ids: string[]; readonly stored: string[] }> {
    const ids: string[] = [];
    const stored: string[] = [];
    for (const { id } of await this.store.secrets.sessions()) {
      const state = await this.store.messages.sdsState(id);
      for (const { messageId } of state === undefined ? [] : decodeState(state).held) {
        ids.push(messageId);
        if ((await this.store.messages.held(id, messageId)) !== undefined) stored.push(messageId);
      }
    }
    return { ids, stored };
  }
}

/** A network that loses what is published while `loses`, in the stores too, and can bring it after all. */
function lossyNetwork() {
  const network = new MemoryNetwork();
  const lost = new Set<string>();
  const state = { loses: false };
  network.losesCopy = ({ hash }) => {
    if (state.loses) lost.add(hash);
    return lost.has(hash);
  };
  network.answerHistory = (messages) => messages.filter(({ hash }) => !lost.has(hash));
  const bring = () => {
    const found = network.published.filter(({ hash }) => lost.delete(hash));
    for (const message of found) network.inject(message);
  };
  return { network, state, bring };
}

/** Saro's "two" is lost, "three" has arrived. */
async function withGap() {
  const clock = new VirtualClock();
  const { network, state, bring } = lossyNetwork();
  const disk = new Disk();
  const saro = await openPerson(network.connect(), { clock });
  const raya = await openPerson(network.connect(), { clock, database: disk.asStore() });
  const toRaya = await saro.client.accept(await raya.client.createInvite(), text("one"));
  await clock.pass(60 * SECOND_MS);
  state.loses = true;
  const two = await toRaya.send(text("two"));
  await clock.pass(SECOND_MS);
  state.loses = false;
  const three = await toRaya.send(text("three"));
  await clock.pass(SECOND_MS);
  return { clock, network, bring, disk, saro, raya, toRaya, two, three };
}

test("what came early is confirmed and not shown, and after a crash shown once, with nothing of it left", async () => {
  const { clock, network, disk, saro, raya, two, three } = await withGap();
  expect(raya.texts).toEqual(["one"]);
  expect([await two.status(), await three.status()]).toEqual(["sent", "delivered"]);
  const { ids, stored } = await disk.held();
  expect([ids.length, stored]).toEqual([1, ids]);
  await raya.client.close();
  network.answerHistory = () => []; // nobody can bring it again
  const again = await openPerson(network.connect(), { clock, database: disk.asStore() });
  await clock.pass(SECOND_MS);
  expect(again.texts).toEqual([]);
  await clock.pass(2 * SECOND_MS);
  expect(again.texts).toEqual(["three"]);
  expect(await disk.held()).toEqual({ ids: [], stored: [] });
  await clock.pass(120 * SECOND_MS); // its sender tries again
  expect(again.texts).toEqual(["three", "two"]);
  expect(await two.status()).toBe("delivered");
  for (const person of [saro, again]) {
    expect(errorsOf(person)).toEqual([]);
    await person.client.close();
  }
});

test("what fills the gap brings both in order, also after a restart", async () => {
  const { clock, network, bring, disk, saro, raya } = await withGap();
  await raya.client.close();
  const again = await openPerson(network.connect(), { clock, database: disk.asStore() });
  bring();
  await clock.pass(100);
  expect(again.texts).toEqual(["two", "three"]);
  expect(await disk.held()).toEqual({ ids: [], stored: [] });
  for (const { client } of [saro, again]) await client.close();
});

test("a gap holds up what follows it for four seconds, whatever else comes meanwhile", async () => {
  const { clock, saro, raya, toRaya } = await withGap();
  for (let count = 0; count < 2; count += 1) {
    await toRaya.send(text(`more ${count}`));
    await clock.pass(SECOND_MS);
  }
  expect(raya.texts).toEqual(["one"]);
  await clock.pass(1.5 * SECOND_MS);
  expect(raya.texts).toEqual(["one", "three", "more 0", "more 1"]);
  for (const { client } of [saro, raya]) await client.close();
});

test("when the disk is full while they are handed out, they are shown once it has room, each once", async () => {
  const { clock, bring, disk, saro, raya } = await withGap();
  disk.failures = 2;
  await clock.pass(3 * SECOND_MS);
  expect(raya.texts).toEqual(["one"]);
  expect((await disk.held()).ids).toHaveLength(1);
  await clock.pass(3 * SECOND_MS);
  expect(raya.texts).toEqual(["one", "three"]);
  bring();
  await clock.pass(SECOND_MS);
  expect(raya.texts).toEqual(["one", "three", "two"]);
  expect(errorsOf(raya).length).toBeGreaterThan(0);
  for (const { client } of [saro, raya]) await client.close();
});

test("a first message that comes early makes the conversation, is confirmed, and is shown after the one before", async () => {
  const clock = new VirtualClock();
  const { network, state, bring } = lossyNetwork();
  const disk = new Disk();
  const saro = await openPerson(network.connect(), { clock });
  const raya = await openPerson(network.connect(), { clock, database: disk.asStore() });
  const invite = await raya.client.createInvite();
  state.loses = true;
  const toRaya = await saro.client.accept(invite, text("one"));
  await clock.pass(SECOND_MS);
  state.loses = false;
  const two = await toRaya.send(text("two"));
  await clock.pass(SECOND_MS);
  expect(raya.texts).toEqual([]);
  expect(await two.status()).toBe("delivered");
  await raya.client.close();
  const again = await openPerson(network.connect(), { clock, database: disk.asStore() });
  bring();
  await clock.pass(SECOND_MS);
  expect(again.texts).toEqual(["one", "two"]);
  expect(await again.client.conversations()).toHaveLength(1);
  for (const { client } of [saro, again]) await client.close();
});

test("a deleted conversation takes along what it holds", async () => {
  const { clock, disk, saro, raya } = await withGap();
  const [session] = await disk.store.secrets.sessions();
  const { ids } = await disk.held();
  expect(ids).toHaveLength(1);
  const [chat] = await raya.client.conversations();
  await chat?.delete();
  for (const id of ids) expect(await disk.store.messages.held(session?.id ?? "", id)).toBeUndefined();
  await clock.pass(10 * SECOND_MS);
  expect(raya.texts).toEqual(["one"]);
  expect(errorsOf(raya)).toEqual([]);
  for (const { client } of [saro, raya]) await client.close();
});
