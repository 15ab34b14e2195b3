/**
 * The part of the contract about searching.
 * @module
 */
import { expect, test } from "@jest/globals";
import type { SearchSettings } from "../queries.ts";
import type { Store } from "../store.ts";
import { incoming } from "./records.ts";

type OpenStore = (options?: { readonly search: SearchSettings }) => Promise<Store>;

const search: SearchSettings = {
  textOf: ({ content }) => (content.length === 0 ? undefined : new TextDecoder().decode(content)),
};

export function describeSearch(open: OpenStore): void {
  const cases: [query: string, text: string, isFound: boolean][] = [
    ["hello", "Well, HELLO there", true],
    ["hel", "hello", true],
    ["ello", "hello", false],
    ["there hello", "hello there", true],
    ["hello nobody", "hello there", false],
    ["cafe", "Café", true],
    ["CAFÉ", "cafe\u0301s", true],
    ["strasse", "Straße", true],
    ["ΟΔΟΣ", "οδος", true],
    ["istanbul", "İstanbul", true],
    ["ﬁne", "fine", true],
    ["日", "今日は", true],
    ["今日", "「今日は」", true],
    ["本日", "日本", false],
    ["ば", "は", false],
    ["カフェ", "ｶﾌｪで", true],
    ["한국", "대한민국, 한국의", true],
    ["สวัส", "ครับสวัสดี", true],
    ["हिन", "हिन्दी", true],
    ["東京 tower", "Tokyo Tower 東京タワー", true],
    ["東京tower", "tower in 東京", true],
    ["2024", "on 2024-05-06", true],
    ["x".repeat(100), "x".repeat(200), true],
    [`${"x".repeat(100)}y`, "x".repeat(200), false],
    ["group1", "group", false],
  ];
  test.each(cases)("searching %s in %s", async (query, text, isFound) => {
    await using store = await open({ search });
    await put(store, { m1: text });
    expect(await find(store, query)).toEqual(isFound ? ["m1"] : []);
  });

  const harmless = [
    "",
    " ",
    '"',
    "'",
    'a"b OR c',
    "NEAR(a b)",
    "*",
    "a*",
    "-a",
    "^a",
    "a:b",
    "(",
    "\0",
    "\ud800",
    "👍",
    "%_",
  ];
  test.each(harmless)("%j is a query like any other", async (query) => {
    await using store = await open({ search });
    await put(store, { m1: 'a b "OR" c NEAR', m2: "👍", m3: "" });
    const found = await find(store, query);
    expect(found.filter((id) => id !== "m1")).toEqual([]);
    const long = await find(store, query.repeat(5_000));
    expect(long.filter((id) => id !== "m1")).toEqual([]);
  });

  test("what is found comes newest first, page by page, of all conversations or one", async () => {
    await using store = await open({ search });
    await store.write((tx) => {
      for (const id of ["c1", "c2"]) tx.messages.putConversation({ id, peer: "p", createdAtMs: 0 });
      for (let index = 1; index <= 300; index++) {
        const content = new TextEncoder().encode(index % 3 === 0 ? `fizz ${index}` : `other ${index}`);
        tx.messages.putMessage(incoming(`m${index}`, { content, conversationId: index % 2 === 0 ? "c2" : "c1" }));
      }
    });
    expect(await find(store, "fizz", { limit: 3 })).toEqual(["m300", "m297", "m294"]);
    expect(await find(store, "fizz", { limit: 2, before: 294 })).toEqual(["m291", "m288"]);
    expect(await find(store, "fizz", { limit: 2, before: 294, conversationId: "c2" })).toEqual(["m288", "m282"]);
    expect(await find(store, "fizz")).toHaveLength(100);
    expect(await find(store, "fizz 3")).toEqual(["m300", "m39", "m36", "m33", "m30", "m3"]);
    expect(await find(store, "other 1", { limit: 1 })).toEqual(["m199"]);
    expect(await find(store, "fizz", { limit: 9, conversationId: "none" })).toEqual([]);
    expect(await find(store, "nothing")).toEqual([]);
  });

  test("a new message is found at once, and a deleted one no more", async () => {
    await using store = await open({ search });
    await put(store, { m1: "apple", m2: "apple pie" });
    expect(await find(store, "apple")).toEqual(["m2", "m1"]);
    await put(store, { m3: "apple juice" });
    await store.write((tx) => tx.messages.deleteMessage("m2", 1));
    expect(await find(store, "apple")).toEqual(["m3", "m1"]);
    await store.write((tx) => tx.messages.deleteConversation({ id: "c1", sessionIds: [], deletedAtMs: 1 }));
    expect(await find(store, "apple")).toEqual([]);
    await put(store, { m4: "apple" });
    expect(await find(store, "apple")).toEqual(["m4"]);
    await store.write((tx) => tx.messages.deleteAll());
    await put(store, { m5: "apple" });
    expect(await find(store, "apple")).toEqual(["m5"]);
  });

  test("a deleted conversation takes its own out of what is found, and no other", async () => {
    await using store = await open({ search });
    await put(store, { m1: "apple" });
    await put(store, { m2: "apple", m3: "pear" }, "c2");
    expect(await find(store, "apple")).toEqual(["m2", "m1"]);
    await store.write((tx) => tx.messages.deleteConversation({ id: "c2", sessionIds: [], deletedAtMs: 1 }));
    expect(await find(store, "apple")).toEqual(["m1"]);
    await put(store, { m4: "pear" }, "c3");
    expect(await find(store, "pear")).toEqual(["m4"]);
    expect(await find(store, "apple", { conversationId: "c3" })).toEqual([]);
  });

  test("searches given together, and writes between them, do not disturb each other", async () => {
    await using store = await open({ search });
    await put(store, Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`m${index}`, `word ${index}`])));
    const searches = ["word 49", "word", "4", "none"].map((query) => find(store, query));
    const deletion = store.write((tx) => tx.messages.deleteMessage("m0", 1));
    const [some, all, fours, none] = await Promise.all(searches);
    await deletion;
    expect(some).toEqual(["m499", "m498", "m497", "m496", "m495", "m494", "m493", "m492", "m491", "m490", "m49"]);
    expect(all?.filter((id) => id !== "m0")).toHaveLength(499);
    expect(fours).toHaveLength(111);
    expect(none).toEqual([]);
  });

  test("a search is given up when its signal says so, and refused without a store for it", async () => {
    await using store = await open({ search });
    await put(store, { m1: "word" });
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    await expect(store.messages.search("word", { limit: 1, signal })).rejects.toBe(reason);
    const refused = { name: "StoreError", code: "INVALID_OPTION" };
    await expect(store.messages.search("word", { limit: 0 })).rejects.toMatchObject(refused);
    await using without = await open();
    await expect(without.messages.search("word", { limit: 1 })).rejects.toMatchObject(refused);
  });
}

/** Messages of one conversation by id, with their texts. */
async function put(store: Store, texts: Record<string, string>, conversationId = "c1"): Promise<void> {
  await store.write((tx) => {
    tx.messages.putConversation({ id: conversationId, peer: "p", createdAtMs: 0 });
    for (const [id, text] of Object.entries(texts)) {
      tx.messages.putMessage(incoming(id, { conversationId, content: new TextEncoder().encode(text) }));
    }
  });
}

async function find(
  store: Store,
  query: string,
  options: { limit?: number; before?: number; conversationId?: string } = {},
) {
  return (await store.messages.search(query, { limit: 1_000, ...options })).map(({ id }) => id);
}
