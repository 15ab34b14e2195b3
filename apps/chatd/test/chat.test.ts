/** Two accounts of a daemon talk, over every protocol that it speaks. */
import { expect, test } from "@jest/globals";
import { Standing } from "../src/gen/chat/daemon/v1/conversation_pb.ts";
import { Status, TransferAction } from "../src/gen/chat/daemon/v1/message_pb.ts";
import { clientsOf, introduce, PROTOCOLS, start, temporaryFolder, textOf } from "./daemons.ts";

test.each(PROTOCOLS)("invite, first message, answer, delivered: %s", async (protocol) => {
  using folder = temporaryFolder();
  await using daemon = await start(folder.path);
  const clients = clientsOf(daemon, protocol);
  expect(await clients.daemon.getInfo({})).toMatchObject({ apiRevision: 1, processId: process.pid });
  const { conversationId } = await introduce(clients);
  const leaving = new AbortController();
  const subscription = clients.messages.subscribe({ account: "raya" }, { signal: leaving.signal });
  let messageId = "";
  for await (const response of subscription) {
    if (textOf(response) !== "hello" || response.item.case !== "message") continue;
    const text = { kind: { case: "text", value: "welcome" } } as const;
    const back = response.item.value.conversationId;
    messageId = (await clients.messages.send({ account: "raya", conversationId: back, content: text })).messageId;
    break;
  }
  leaving.abort();
  const delivered = await clients.messages.waitFor({ account: "raya", messageId, status: Status.DELIVERED });
  expect(delivered.status).toBe(Status.DELIVERED);
  const { messages } = await clients.conversations.getHistory({ account: "saro", conversationId });
  expect(messages.map(({ status, content }) => [status, content?.kind.value])).toEqual([
    [expect.any(Number), "hello"],
    [Status.RECEIVED, "welcome"],
  ]);
});

test.each(PROTOCOLS)("a file goes up in chunks and comes down as it was: %s", async (protocol) => {
  using folder = temporaryFolder();
  await using daemon = await start(folder.path);
  const clients = clientsOf(daemon, protocol);
  const { conversationId } = await introduce(clients);
  const bytes = new Uint8Array(1_500_000).map((_, index) => (index * 31) % 251);
  async function* parts() {
    const header = { account: "saro", conversationId, name: "photo.png", mediaType: "image/png", size: 1_500_000n };
    yield { part: { case: "header", value: header } } as const;
    for (let at = 0; at < bytes.length; at += 400_000) {
      yield { part: { case: "chunk", value: bytes.subarray(at, at + 400_000) } } as const;
    }
  }
  const { messageId } = await clients.messages.sendFile(parts());
  await clients.messages.waitFor({ account: "saro", messageId, status: Status.DELIVERED });
  const { message } = await clients.messages.getMessage({ account: "raya", messageId });
  expect(message?.content?.kind).toMatchObject({
    case: "file",
    value: { name: "photo.png", mediaType: "image/png", size: 1_500_000n },
  });
  const chunks: Uint8Array[] = [];
  for await (const { chunk } of clients.messages.download({ account: "raya", messageId })) chunks.push(chunk);
  expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
  const cancel = { account: "saro", messageId, action: TransferAction.CANCEL };
  expect(await clients.messages.controlTransfer(cancel)).toMatchObject({ done: false });
});

test("every kind of content arrives as it was sent", async () => {
  using folder = temporaryFolder();
  await using daemon = await start(folder.path);
  const clients = clientsOf(daemon);
  const { conversationId } = await introduce(clients);
  const { messages: first } = await clients.conversations.getHistory({ account: "saro", conversationId });
  const messageId = first[0]?.id ?? "";
  const kinds = [
    { case: "text", value: "a text" },
    { case: "reply", value: { messageId, text: "an answer" } },
    { case: "reaction", value: { messageId, emoji: "👍", isRemoved: false } },
    { case: "edit", value: { messageId, text: "better" } },
    { case: "deletion", value: { messageId } },
    { case: "json", value: { name: "org.example/1", value: '{"a":[1,2]}' } },
    { case: "custom", value: { domain: 7, tag: 9, version: 2, payload: Uint8Array.of(1, 2), fallback: "seven" } },
  ] as const;
  for (const kind of kinds) {
    const sent = await clients.messages.send({ account: "saro", conversationId, content: { kind } });
    await clients.messages.waitFor({ account: "saro", messageId: sent.messageId, status: Status.DELIVERED });
  }
  const raya = await clients.conversations.listConversations({ account: "raya" });
  expect(raya.conversations).toMatchObject([{ standing: Standing.OPEN, unread: 8n }]);
  const { messages } = await clients.conversations.getHistory({
    account: "raya",
    conversationId: raya.conversations[0]?.id ?? "",
  });
  expect(messages.slice(1).map(({ content }) => content?.kind)).toMatchObject(kinds);
});

test("lists, marks, numbers and health of accounts and conversations", async () => {
  using folder = temporaryFolder();
  await using daemon = await start(folder.path);
  const clients = clientsOf(daemon, "gRPC");
  const { conversationId } = await introduce(clients);
  const invited = await clients.accounts.createInvite({ account: "saro", multiUse: true, expiresInMs: 60_000n });
  const { invites } = await clients.accounts.listInvites({ account: "saro" });
  expect(invites).toMatchObject([{ multiUse: true, postQuantum: false }]);
  expect(invited.link).toContain("logos_chatintro");
  await clients.accounts.revokeInvite({ account: "saro", inviteId: invites[0]?.id ?? "" });
  expect((await clients.accounts.listInvites({ account: "saro" })).invites).toEqual([]);

  const health = await clients.accounts.getHealth({ account: "saro" });
  expect(health).toMatchObject({ connection: 1, quota: { level: "high" } });
  expect((await clients.accounts.examine({ account: "saro" })).checks.map(({ name }) => name)).toContain("database");
  const { accounts } = await clients.accounts.listAccounts({});
  expect(accounts).toMatchObject([
    { name: "raya", isOpen: true },
    { name: "saro", isOpen: true },
  ]);

  const [ofRaya] = (await clients.conversations.listConversations({ account: "raya" })).conversations;
  const raya = { account: "raya", conversationId: ofRaya?.id ?? "" };
  await clients.conversations.markRead(raya);
  expect((await clients.conversations.listConversations({ account: "raya" })).conversations).toMatchObject([
    { unread: 0n },
  ]);
  await clients.conversations.setTyping({ ...raya, isTyping: true });
  const saro = { account: "saro", conversationId };
  const numbers = await Promise.all([
    clients.conversations.getSafetyNumber(raya),
    clients.conversations.getSafetyNumber(saro),
  ]);
  expect(numbers[0]?.digits).toMatch(/^\d{60}$/);
  expect(numbers[0]).toEqual(numbers[1]);
  expect(await clients.conversations.getConversationHealth(saro)).toMatchObject({ canSend: true, missing: 0n });
  await clients.conversations.setStanding({ ...raya, standing: Standing.BLOCKED });
  expect((await clients.conversations.listConversations({ account: "raya" })).conversations).toMatchObject([
    { standing: Standing.BLOCKED },
  ]);
  const found = await clients.conversations.find({ account: "raya", what: { case: "status", value: Status.RECEIVED } });
  expect(found.messages).toHaveLength(1);
  await clients.conversations.deleteConversation(raya);
  expect((await clients.conversations.listConversations({ account: "raya" })).conversations).toEqual([]);
  await clients.accounts.closeAccount({ account: "raya" });
  expect((await clients.accounts.listAccounts({})).accounts).toMatchObject([{ name: "raya", isOpen: false }, {}]);
});
