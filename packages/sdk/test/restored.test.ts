/** A database that was put back to an older state: no key is used twice, and both sides go on with what was said since. */
import { copyFileSync } from "node:fs";
import { type ChatClient, type ChatClientOptions, type ChatEvent, isText, text } from "@chat/sdk";
import { KeyWatch, MemoryNetwork, SeededRandom } from "@chat/sdk/testing";
import { openMemoryStore, type Store } from "@chat/store";
import { openStore } from "@chat/store-sqlite";
import { expect, test } from "@jest/globals";
import { passWithDisk } from "./pass-with-disk.ts";
import { open, temporaryFolder, until } from "./people.ts";
import { VirtualClock } from "./virtual-clock.ts";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
/** Nobody knows what a copy of before has published in this epoch: nothing more leaves in it. */
const NEXT_EPOCH = 11;

/** A client on a database, with all that it tells. */
async function observed(network: MemoryNetwork, options: Partial<ChatClientOptions>) {
  const client = await open(network.connect(), options);
  const events: ChatEvent[] = [];
  const reading = (async () => {
    for await (const event of client.events()) events.push(event);
  })();
  return {
    client,
    events,
    async [Symbol.asyncDispose]() {
      await client.close();
      await reading;
    },
  };
}

async function textsOf(client: ChatClient): Promise<string[]> {
  const [chat] = await client.conversations();
  return ((await chat?.history({ limit: 1_000 })) ?? []).map(({ content }) =>
    isText(content) ? content.text : content.kind,
  );
}

async function statusesOf(client: ChatClient): Promise<Record<string, number>> {
  const { queued, sent, delivered } = (await client.statistics()).messagesByStatus;
  return { queued, sent, delivered };
}

async function send(client: ChatClient, ...texts: string[]): Promise<void> {
  const [chat] = await client.conversations();
  if (chat === undefined) throw new Error("want a conversation, got none");
  for (const each of texts) await chat.send(text(each));
}

test("after a restore both sides go on by themselves; what was said since arrives again, or is named as lost", async () => {
  using folder = temporaryFolder();
  const network = new MemoryNetwork();
  const clock = new VirtualClock(Date.now()); // the store notes by its own when it was restored
  const database = folder.path("saro.db");
  await using raya = await observed(network, { clock });
  {
    await using saro = await observed(network, { database, clock });
    await saro.client.accept(await raya.client.createInvite(), text("hello"));
    await until(async () => (await textsOf(raya.client)).length === 1, "hello");
    await send(raya.client, "hello Saro");
    await passWithDisk(clock, 3); // each gives the other a private invite
  }
  copyFileSync(database, folder.path("old.db"));
  {
    await using saro = await observed(network, { database, clock });
    await send(saro.client, "only Raya knows this");
    await send(raya.client, "one", "two");
    await until(async () => (await textsOf(saro.client)).length === 5, "one and two");
    await passWithDisk(clock, 1);
    await until(async () => (await statusesOf(raya.client)).delivered === 3, "Raya knows that they arrived");
  }
  copyFileSync(folder.path("old.db"), database);
  await send(raya.client, "three"); // on the session that is lost
  const published = network.published.length;
  await using saro = await observed(network, { database, clock });
  await passWithDisk(clock, NEXT_EPOCH);
  await until(async () => (await textsOf(saro.client)).length === 5, "what Raya wrote");
  expect(await textsOf(saro.client)).toEqual(
    ["hello", "hello Saro", "three", "one", "two"].sort(byRaya(await textsOf(saro.client))),
  );
  await until(() => saro.events.some(({ type }) => type === "resumed"), "resumed");
  expect(saro.events).toContainEqual(expect.objectContaining({ type: "resumed", resent: 3, lost: 0, lostOwn: 1 }));
  await send(saro.client, "here again");
  await send(raya.client, "good");
  await passWithDisk(clock, 2);
  await until(async () => (await textsOf(raya.client)).includes("here again"), "here again");
  await until(async () => (await statusesOf(raya.client)).delivered === 5, "all of Raya's are confirmed");
  await until(async () => (await statusesOf(saro.client)).delivered === 2, "all of Saro's are confirmed");
  // Nothing comes twice, on either side.
  for (const client of [saro.client, raya.client]) {
    const texts = await textsOf(client);
    expect(new Set(texts).size).toBe(texts.length);
  }
  expect(raya.events.filter(({ type }) => type === "message")).toHaveLength(3);
  expect(network.published.length - published).toBeLessThan(30);
});

/** Sorts by where they are in `texts`: the order among what is sent again is not promised. */
function byRaya(texts: readonly string[]) {
  return (a: string, b: string) => texts.indexOf(a) - texts.indexOf(b);
}

test("a message that waited when the backup was made goes out after the restore, and is shown once", async () => {
  using folder = temporaryFolder();
  const network = new MemoryNetwork();
  const clock = new VirtualClock(Date.now()); // the store notes by its own when it was restored
  const database = folder.path("saro.db");
  await using raya = await observed(network, { clock });
  {
    await using saro = await observed(network, { database, clock });
    await saro.client.accept(await raya.client.createInvite(), text("hello"));
    await passWithDisk(clock, 3);
  }
  {
    const away = network.connect();
    away.setHealth("disconnected");
    await using saro = await open(away, { database, clock });
    await send(saro, "waits");
  }
  copyFileSync(database, folder.path("old.db"));
  {
    await using _saro = await observed(network, { database, clock });
    await until(async () => (await textsOf(raya.client)).includes("waits"), "it arrives");
    await passWithDisk(clock, 1);
  }
  copyFileSync(folder.path("old.db"), database);
  await using saro = await observed(network, { database, clock });
  await passWithDisk(clock, NEXT_EPOCH);
  await until(async () => (await statusesOf(saro.client)).delivered === 2, "both are confirmed");
  expect(await textsOf(raya.client)).toEqual(["hello", "waits"]);
  expect(raya.events.filter(({ type }) => type === "message")).toHaveLength(2);
});

test("without a private invite of the other side nothing is sent or received until a new one was accepted", async () => {
  using folder = temporaryFolder();
  const network = new MemoryNetwork();
  const clock = new VirtualClock(Date.now()); // the store notes by its own when it was restored
  const database = folder.path("saro.db");
  await using raya = await observed(network, { clock });
  {
    await using saro = await observed(network, { database, clock });
    await saro.client.accept(await raya.client.createInvite(), text("hello"));
    await until(async () => (await textsOf(raya.client)).length === 1, "hello");
  }
  await clock.pass(SECOND_MS);
  copyFileSync(database, folder.path("old.db"));
  {
    await using saro = await observed(network, { database, clock });
    await send(saro.client, "lost");
    await until(async () => (await textsOf(raya.client)).includes("lost"), "lost");
  }
  copyFileSync(folder.path("old.db"), database);
  await using saro = await observed(network, { database, clock });
  const [chat] = await saro.client.conversations();
  const [ofRaya] = await raya.client.conversations();
  await expect(chat?.send(text("no"))).rejects.toMatchObject({ name: "ChatError", code: "RESTORED" });
  const { checks } = await saro.client.doctor();
  expect(checks.find(({ name }) => name === "conversations")).toMatchObject({
    state: "warning",
    detail: "people who are known: 1, who wait to be accepted: 0, who can not be written to: 1",
  });
  expect(await textsOf(saro.client)).toEqual(["hello"]);
  expect(chat?.safetyNumber()).toEqual(ofRaya?.safetyNumber());
  const before = saro.client.discarded["not-for-us"] ?? 0;
  await ofRaya?.send(text("to nobody yet"));
  await until(() => (saro.client.discarded["not-for-us"] ?? 0) > before, "discarded");
  expect(await chat?.history()).toHaveLength(1);
  await clock.pass(SECOND_MS);
  // A new invite makes a new session in the same conversation, and what was lost on the old one comes on it.
  const again = await saro.client.accept(await raya.client.createInvite(), text("again"));
  expect(again.id).toBe(chat?.id);
  await passWithDisk(clock, NEXT_EPOCH);
  await until(async () => (await textsOf(saro.client)).includes("to nobody yet"), "what Raya wrote meanwhile");
  await until(() => saro.events.some(({ type }) => type === "resumed"), "resumed");
  expect(saro.events).toContainEqual(expect.objectContaining({ type: "resumed", resent: 1, lost: 0, lostOwn: 1 }));
  await send(saro.client, "yes");
  await until(async () => (await textsOf(raya.client)).includes("yes"), "yes");
  expect((await textsOf(raya.client)).sort()).toEqual(["again", "hello", "lost", "to nobody yet", "yes"]);
});

test("a hybrid conversation is hybrid again after a restore", async () => {
  using folder = temporaryFolder();
  const network = new MemoryNetwork();
  const clock = new VirtualClock(Date.now());
  const database = folder.path("saro.db");
  await using raya = await observed(network, { clock });
  {
    await using saro = await observed(network, { database, clock });
    await saro.client.accept(await raya.client.createInvite({ postQuantum: true }), text("hello"));
    await passWithDisk(clock, 3);
  }
  copyFileSync(database, folder.path("old.db"));
  await (await open(network.connect(), { database, clock })).close();
  copyFileSync(folder.path("old.db"), database);
  const before = network.published.length;
  await using saro = await observed(network, { database, clock });
  await passWithDisk(clock, NEXT_EPOCH);
  await until(() => saro.events.some(({ type }) => type === "resumed"), "resumed");
  // The handshake has a KEM ciphertext of 1,088 bytes in it, and what is said besides is short.
  expect(network.published[before]?.payload.length).toBeGreaterThan(1_088);
  await send(saro.client, "hello again");
  await until(async () => (await textsOf(raya.client)).includes("hello again"), "it goes on");
});

test.each([20_261_123, Math.floor(Math.random() * 2 ** 31)])(
  "whenever the backup was made: nothing of the other side is missing in the end, and what is lost of one's own is counted (seed %i)",
  async (seed) => {
    const random = randomOf(seed);
    for (let round = 0; round < 2; round += 1) await restoreOnce(random);
  },
  60_000,
);

async function restoreOnce(random: (below: number) => number): Promise<void> {
  using folder = temporaryFolder();
  const network = new MemoryNetwork();
  const clock = new VirtualClock(Date.now());
  const database = folder.path("saro.db");
  const [ofRaya, watch] = [openMemoryStore(), new KeyWatch()];
  await using raya = await observed(network, { clock, database: ofRaya });
  const said: Record<"raya" | "saro", string[]> = { raya: [], saro: [] };
  const chatter = async (saro: ChatClient, count: number) => {
    for (let index = 0; index < count; index += 1) {
      const [name, client] = random(2) === 0 ? (["raya", raya.client] as const) : (["saro", saro] as const);
      const words = `${name} ${said[name].length}`;
      said[name].push(words);
      await send(client, words);
      await passWithDisk(clock, random(3) / 6);
    }
  };
  {
    await using saro = await observed(network, { database, clock });
    // Whoever begins: a session that is replaced within an hour is not one that was begun at the same moment.
    const [name, first, other] = random(2) === 0 ? (["saro", saro, raya] as const) : (["raya", raya, saro] as const);
    await first.client.accept(await other.client.createInvite(), text(`${name} 0`));
    said[name].push(`${name} 0`);
    await until(async () => (await textsOf(other.client)).length === 1, "the first message");
    await passWithDisk(clock, 3);
    await chatter(saro.client, random(8));
  }
  await clock.pass(SECOND_MS); // a clock that stands still tells nobody what was before
  copyFileSync(database, folder.path("old.db"));
  const kept = said.saro.length;
  {
    await using saro = await observed(network, { database, clock });
    await chatter(saro.client, 1 + random(8));
    if (random(2) === 0) await passWithDisk(clock, 1);
    await clock.pass(SECOND_MS);
  }
  await watch.remember({ store: ofRaya });
  {
    await using store = await openStore({ path: database });
    await watch.remember({ store });
  }
  copyFileSync(folder.path("old.db"), database);
  await using saro = await observed(network, { database, clock });
  await passWithDisk(clock, NEXT_EPOCH);
  await until(() => saro.events.some(({ type }) => type === "resumed"), "resumed");
  await watch.remember({ store: ofRaya });
  // What had not arrived at Raya when Saro was restored is gone with the database that had it.
  const ofSaro = (await textsOf(raya.client)).filter((words) => words.startsWith("saro"));
  const lostOwn = ofSaro.filter((words) => said.saro.indexOf(words) >= kept).length;
  expect(saro.events).toContainEqual(expect.objectContaining({ type: "resumed", lost: 0, lostOwn }));
  await chatter(saro.client, 6);
  await passWithDisk(clock, 60);
  const fromRaya = (await textsOf(saro.client)).filter((words) => words.startsWith("raya"));
  expect(fromRaya.sort()).toEqual([...said.raya].sort());
  const arrived = (await textsOf(raya.client)).filter((words) => words.startsWith("saro"));
  expect(new Set(arrived).size).toBe(arrived.length);
  expect(arrived).toEqual(expect.arrayContaining(said.saro.slice(0, kept)));
  expect(arrived).toEqual(expect.arrayContaining(said.saro.slice(-1)));
  for (const client of [raya.client, saro.client]) {
    const { queued, sent } = await statusesOf(client);
    expect([queued, sent]).toEqual([0, 0]);
  }
  await saro.client.close();
  await using store = await openStore({ path: database });
  for (const { payload } of network.published) watch.see(payload);
  const { findings, opened } = await watch.findings([{ store }, { store: ofRaya }]);
  expect(findings).toEqual([]);
  expect(opened).toBeGreaterThan(network.published.length * 0.9);
}

/** Repeats with its seed. */
function randomOf(seed: number): (below: number) => number {
  const random = new SeededRandom(seed);
  return (below) => random.below(below);
}

test("healing that ends at any of its writes is taken up at the next start, and nothing is lost or shown twice", async () => {
  using folder = temporaryFolder();
  const network = new MemoryNetwork();
  const clock = new VirtualClock(Date.now());
  const database = folder.path("saro.db");
  await using raya = await observed(network, { clock });
  {
    await using saro = await observed(network, { database, clock });
    await saro.client.accept(await raya.client.createInvite(), text("hello"));
    await passWithDisk(clock, 3);
  }
  const wanted = { raya: ["hello"], saro: ["hello"] };
  for (let writes = 0; writes < 10; writes += 1) {
    copyFileSync(database, folder.path("old.db"));
    {
      await using saro = await observed(network, { database, clock });
      await send(raya.client, `while ${writes}`);
      await until(async () => (await textsOf(saro.client)).includes(`while ${writes}`), "it arrives");
      await passWithDisk(clock, 1);
    }
    wanted.saro.push(`while ${writes}`);
    copyFileSync(folder.path("old.db"), database);
    await dyingAfter(writes, { database, clock, network });
    await using saro = await observed(network, { database, clock });
    await send(saro.client, `after ${writes}`);
    wanted.raya.push(`after ${writes}`);
    await passWithDisk(clock, 2 * NEXT_EPOCH); // and the private invites for the next time
    await until(async () => (await textsOf(saro.client)).includes(`while ${writes}`), "what was said");
    expect([...(await textsOf(saro.client))].sort()).toEqual([...new Set([...wanted.saro, ...wanted.raya])].sort());
    await clock.pass(60 * MINUTE_MS); // a peer who is restored all the time has to wait
  }
  expect([...(await textsOf(raya.client))].sort()).toEqual([...new Set([...wanted.saro, ...wanted.raya])].sort());
}, 60_000);

/** A client whose disk takes so many writes and then none, as if the process had ended there. */
async function dyingAfter(
  writes: number,
  { database, clock, network }: { database: string; clock: VirtualClock; network: MemoryNetwork },
): Promise<void> {
  const store = await openStore({ path: database });
  let left = writes;
  const dying: Store = {
    messages: store.messages,
    secrets: store.secrets,
    write: async (change) => {
      if (left === 0) throw new Error("the process has ended");
      left -= 1;
      await store.write(change);
    },
    close: () => store.close(),
    [Symbol.asyncDispose]: () => store.close(),
  };
  const client = await open(network.connect(), { database: dying, clock }).catch(() => store.close());
  await passWithDisk(clock, 1);
  if (client !== undefined) await client.close();
}

test("a copy of the whole directory is noticed by what does not open, and healed", async () => {
  using folder = temporaryFolder();
  const network = new MemoryNetwork();
  const clock = new VirtualClock(Date.now()); // the store notes by its own when it was restored
  const database = folder.path("saro.db");
  await using raya = await observed(network, { clock });
  {
    await using saro = await observed(network, { database, clock });
    await saro.client.accept(await raya.client.createInvite(), text("hello"));
    await until(async () => (await textsOf(raya.client)).length === 1, "hello");
    await passWithDisk(clock, 3);
  }
  const names = ["saro.db", "saro.db.generation"];
  for (const name of names) copyFileSync(folder.path(name), folder.path(`copy of ${name}`));
  {
    await using saro = await observed(network, { database, clock });
    for (let round = 0; round < 3; round += 1) {
      await send(saro.client, `ping ${round}`);
      await until(async () => (await textsOf(raya.client)).includes(`ping ${round}`), "ping");
      await send(raya.client, `pong ${round}`);
      await until(async () => (await textsOf(saro.client)).includes(`pong ${round}`), "pong");
    }
  }
  await clock.pass(SECOND_MS);
  for (const name of names) copyFileSync(folder.path(`copy of ${name}`), folder.path(name));
  await using saro = await observed(network, { database, clock });
  await send(raya.client, "a", "b", "c", "d");
  await passWithDisk(clock, 3);
  const wanted = ["hello", "pong 0", "pong 1", "pong 2", "a", "b", "c", "d"];
  await until(async () => (await textsOf(saro.client)).length === wanted.length, "everything");
  expect((await textsOf(saro.client)).sort()).toEqual(wanted.sort());
  expect(saro.events).toContainEqual(expect.objectContaining({ type: "resumed", lostOwn: 3 }));
  await send(saro.client, "healed");
  await until(async () => (await textsOf(raya.client)).includes("healed"), "healed");
});
