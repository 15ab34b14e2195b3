/** A subscriber gets everything once, from its cursor on, at its own speed. */
import { expect, test } from "@jest/globals";
import { Status, type SubscribeResponse } from "../src/gen/chat/daemon/v1/message_pb.ts";
import { type Clients, clientsOf, failureOf, introduce, PROTOCOLS, start, temporaryFolder, textOf } from "./daemons.ts";

type Seen = { readonly texts: string[]; readonly steps: Status[]; readonly cursor: string };

/** Reads until it has caught up; `stop` may end it earlier. */
async function read(
  clients: Clients,
  place: { readonly account: string; readonly cursor?: string; readonly onlyNew?: boolean },
  stop: (seen: Seen) => boolean = () => false,
): Promise<Seen> {
  const leaving = new AbortController();
  const seen = { texts: [] as string[], steps: [] as Status[], cursor: place.cursor ?? "" };
  for await (const response of clients.messages.subscribe(place, { signal: leaving.signal })) {
    const text = textOf(response);
    if (text !== undefined) seen.texts.push(text);
    if (response.item.case === "statusChange") seen.steps.push(response.item.value.status);
    seen.cursor = response.cursor;
    if (response.item.case === "caughtUp" || stop(seen)) break;
  }
  leaving.abort();
  return seen;
}

async function say(clients: Clients, account: string, conversationId: string, value: string): Promise<string> {
  const sent = await clients.messages.send({ account, conversationId, content: { kind: { case: "text", value } } });
  return sent.messageId;
}

test.each(PROTOCOLS)("it goes on from its cursor, and misses and repeats nothing: %s", async (protocol) => {
  using folder = temporaryFolder();
  await using daemon = await start(folder.path);
  const clients = clientsOf(daemon, protocol);
  const { conversationId } = await introduce(clients);
  for (let number = 1; number < 60; number += 1) await say(clients, "saro", conversationId, `${number}`);
  const last = await say(clients, "saro", conversationId, "60");
  await clients.messages.waitFor({ account: "saro", messageId: last, status: Status.DELIVERED });
  const texts: string[] = [];
  for (let cursor = ""; texts.length < 61; ) {
    const seen = await read(clients, { account: "raya", cursor }, ({ texts }) => texts.length === 7);
    texts.push(...seen.texts);
    cursor = seen.cursor;
  }
  expect(texts).toEqual(["hello", ...Array.from({ length: 60 }, (_, index) => `${index + 1}`)]);
  const { steps, cursor } = await read(clients, { account: "saro" });
  expect(steps).toHaveLength(61);
  const none = await read(clients, { account: "saro", cursor });
  expect([none.texts, none.steps]).toEqual([[], []]);
});

test("who wants only what is new gets that", async () => {
  using folder = temporaryFolder();
  await using daemon = await start(folder.path);
  const clients = clientsOf(daemon);
  const { conversationId } = await introduce(clients);
  await read(clients, { account: "raya" }, ({ texts }) => texts.includes("hello"));
  const news = read(clients, { account: "raya", onlyNew: true });
  expect((await news).texts).toEqual([]);
  const leaving = new AbortController();
  const heard: string[] = [];
  const listening = (async () => {
    const place = { account: "raya", onlyNew: true };
    for await (const response of clients.messages.subscribe(place, { signal: leaving.signal })) {
      if (response.item.case === "caughtUp") await say(clients, "saro", conversationId, "now");
      heard.push(...[textOf(response) ?? []].flat());
      if (heard.length > 0) return;
    }
  })();
  await listening;
  leaving.abort();
  expect(heard).toEqual(["now"]);
});

test("events come besides, for those who ask", async () => {
  using folder = temporaryFolder();
  await using daemon = await start(folder.path);
  const clients = clientsOf(daemon, "gRPC");
  const { conversationId } = await introduce(clients);
  const kinds = new Set<string>();
  const leaving = new AbortController();
  for await (const { item } of clients.messages.subscribe(
    { account: "raya", events: true },
    { signal: leaving.signal },
  )) {
    if (item.case === "caughtUp") {
      await clients.conversations.setTyping({ account: "saro", conversationId, isTyping: true });
    }
    if (item.case === "event") kinds.add(item.value.kind.case ?? "");
    if (kinds.has("typing")) break;
  }
  leaving.abort();
  expect(kinds).toContain("typing");
});

test("a subscriber that does not read holds up nobody, and misses nothing", async () => {
  using folder = temporaryFolder();
  await using daemon = await start(folder.path);
  const clients = clientsOf(daemon, "gRPC");
  const { conversationId } = await introduce(clients);
  const leaving = new AbortController();
  // On a connection of its own: the flow control of HTTP/2 is that of all calls of a connection together.
  const slow = clientsOf(daemon, "gRPC").messages.subscribe({ account: "raya" }, { signal: leaving.signal });
  const responses = slow[Symbol.asyncIterator]();
  const texts: string[] = [];
  const take = (response: SubscribeResponse) => texts.push(...[textOf(response) ?? []].flat());
  take((await responses.next()).value);
  // 8 MB, far more than the buffers of a connection.
  const long = "x".repeat(100_000);
  let messageId = "";
  for (let number = 0; number < 80; number += 1) {
    messageId = await say(clients, "saro", conversationId, `${number} ${long}`);
  }
  await clients.messages.waitFor({ account: "saro", messageId, status: Status.DELIVERED });
  const quick = await read(clients, { account: "raya" });
  expect(quick.texts).toHaveLength(81);
  while (texts.length < 81) take((await responses.next()).value);
  leaving.abort();
  expect(texts.slice(1).map((text) => text.split(" ")[0])).toEqual(
    Array.from({ length: 80 }, (_, index) => `${index}`),
  );
});

test.each(["x", "1.2", "1.2.3.4", "2.1.1", "1.-1.0", `1.${"9".repeat(20)}.0`])(
  "a cursor that is none is refused: %s",
  async (cursor) => {
    using folder = temporaryFolder();
    await using daemon = await start(folder.path);
    const clients = clientsOf(daemon);
    await clients.accounts.openAccount({ name: "raya" });
    expect(await failureOf(read(clients, { account: "raya", cursor }))).toEqual({
      status: "InvalidArgument",
      code: "CURSOR_INVALID",
      retryable: false,
    });
  },
);

test("a cursor from beyond what there is, as before a restore, hears what comes", async () => {
  using folder = temporaryFolder();
  await using daemon = await start(folder.path);
  const clients = clientsOf(daemon);
  const { conversationId } = await introduce(clients);
  await read(clients, { account: "raya" }, ({ texts }) => texts.includes("hello"));
  const leaving = new AbortController();
  const place = { account: "raya", cursor: "1.9000000.9000000" };
  for await (const response of clients.messages.subscribe(place, { signal: leaving.signal })) {
    if (response.item.case === "caughtUp") await say(clients, "saro", conversationId, "later");
    if (textOf(response) === undefined) continue;
    expect(textOf(response)).toBe("later");
    break;
  }
  leaving.abort();
});

test("streams end when the account is closed, and when the daemon shuts down", async () => {
  using folder = temporaryFolder();
  const daemon = await start(folder.path);
  const clients = clientsOf(daemon, "gRPC");
  await introduce(clients);
  const ends = ["raya", "saro"].map(async (account) => {
    for await (const _ of clients.messages.subscribe({ account }));
  });
  await clients.accounts.closeAccount({ account: "raya" });
  await ends[0];
  await clients.daemon.shutdown({});
  await daemon.closed;
  await ends[1]?.catch(() => {});
});
