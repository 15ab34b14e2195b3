/** Whatever goes wrong arrives with its code, over every protocol, and tells nothing that it should not. */
import { jsonLog } from "@chat/chatd";
import { expect, test } from "@jest/globals";
import { Status, TransferAction } from "../src/gen/chat/daemon/v1/message_pb.ts";
import { type Clients, clientsOf, failureOf, introduce, PROTOCOLS, start, temporaryFolder } from "./daemons.ts";

const hello = { kind: { case: "text", value: "hello" } } as const;

type Case = [name: string, call: (clients: Clients, conversationId: string) => Promise<unknown>, failure: object];
const cases: Case[] = [
  [
    "an account that is not open",
    ({ accounts }) => accounts.getHealth({ account: "nobody" }),
    { status: "FailedPrecondition", code: "ACCOUNT_NOT_OPEN" },
  ],
  ["a name that is none", ({ accounts }) => accounts.openAccount({ name: "../x" }), { code: "INVALID_OPTION" }],
  ["an empty name", ({ accounts }) => accounts.getHealth({ account: "" }), { code: "INVALID_OPTION" }],
  [
    "other settings than it is open with",
    ({ accounts }) => accounts.openAccount({ name: "raya", acknowledgementDelayMs: 0, passphrase: "x" }),
    { status: "FailedPrecondition", code: "ACCOUNT_DIFFERS" },
  ],
  [
    "an invite that is none",
    ({ conversations }) => conversations.acceptInvite({ account: "raya", link: "x" }),
    { status: "InvalidArgument", code: "INVALID_INVITE" },
  ],
  [
    "one's own invite",
    async ({ accounts, conversations }) => {
      const { link } = await accounts.createInvite({ account: "raya" });
      return conversations.acceptInvite({ account: "raya", link });
    },
    { status: "FailedPrecondition", code: "OWN_INVITE" },
  ],
  [
    "a conversation that is not there",
    ({ messages }) => messages.send({ account: "raya", conversationId: "x", content: hello }),
    { status: "NotFound", code: "NOT_FOUND" },
  ],
  [
    "no content",
    ({ messages }, id) => messages.send({ account: "saro", conversationId: id }),
    { code: "INVALID_OPTION" },
  ],
  [
    "an emoji that is none",
    ({ messages }, conversationId) => {
      const content = { kind: { case: "reaction", value: { messageId: "0".repeat(32), emoji: "" } } } as const;
      return messages.send({ account: "saro", conversationId, content });
    },
    { status: "InvalidArgument", code: "INVALID_CONTENT" },
  ],
  [
    "JSON that is none",
    ({ messages }, conversationId) => {
      const content = { kind: { case: "json", value: { name: "n", value: "{" } } } as const;
      return messages.send({ account: "saro", conversationId, content });
    },
    { code: "INVALID_OPTION" },
  ],
  [
    "a key that is too long",
    ({ messages }, conversationId) =>
      messages.send({ account: "saro", conversationId, content: hello, key: "k".repeat(2_000) }),
    { code: "INVALID_OPTION" },
  ],
  [
    "a page that is too long",
    ({ conversations }, conversationId) => conversations.getHistory({ account: "saro", conversationId, limit: 1_001 }),
    { code: "INVALID_OPTION" },
  ],
  [
    "a search without the option",
    ({ conversations }) => conversations.find({ account: "saro", what: { case: "text", value: "x" } }),
    { code: "INVALID_OPTION" },
  ],
  ["a search for nothing", ({ conversations }) => conversations.find({ account: "saro" }), { code: "INVALID_OPTION" }],
  [
    "waiting for what is no way of a message",
    async ({ messages }, conversationId) => {
      const { messageId } = await messages.send({ account: "saro", conversationId, content: hello });
      return messages.waitFor({ account: "saro", messageId, status: Status.FAILED });
    },
    { code: "INVALID_OPTION" },
  ],
  [
    "fetching what is no file",
    async ({ messages }, conversationId) => {
      const { messageId } = await messages.send({ account: "saro", conversationId, content: hello });
      return Array.fromAsync(messages.download({ account: "saro", messageId }));
    },
    { code: "INVALID_OPTION" },
  ],
  [
    "a message that is not there",
    ({ messages }) => messages.getMessage({ account: "saro", messageId: "x" }),
    { code: "NOT_FOUND" },
  ],
  [
    "pausing what is not there",
    ({ messages }) => messages.controlTransfer({ account: "saro", messageId: "x", action: TransferAction.PAUSE }),
    { code: "NOT_FOUND" },
  ],
];

test.each(PROTOCOLS)("every failure has its code: %s", async (protocol) => {
  using folder = temporaryFolder();
  await using daemon = await start(folder.path);
  const clients = clientsOf(daemon, protocol);
  const { conversationId } = await introduce(clients);
  for (const [name, call, failure] of cases) {
    expect([name, await failureOf(call(clients, conversationId))]).toMatchObject([name, failure]);
  }
});

const file = (size: bigint) => ({ part: { case: "header", value: { account: "saro", name: "f", size } } }) as const;
const chunk = (length: number) => ({ part: { case: "chunk", value: new Uint8Array(length) } }) as const;
type Part = ReturnType<typeof file> | ReturnType<typeof chunk>;
const uploads: [name: string, parts: Part[], code: string][] = [
  ["nothing at all", [], "INVALID_OPTION"],
  ["a chunk first", [chunk(1)], "INVALID_OPTION"],
  ["less than announced", [file(5n), chunk(4)], "INVALID_OPTION"],
  ["more than announced", [file(5n), chunk(6)], "INVALID_OPTION"],
  ["two headers", [file(5n), file(5n)], "INVALID_OPTION"],
  ["a chunk that is too long", [file(9_000_000n), chunk(1_048_577)], "INVALID_OPTION"],
  ["more than a file may have", [file(104_857_601n)], "MESSAGE_TOO_LARGE"],
];

test.each(uploads)("an upload of %s is refused", async (_, parts, code) => {
  using folder = temporaryFolder();
  await using daemon = await start(folder.path);
  const clients = clientsOf(daemon, "gRPC");
  await introduce(clients);
  const call = clients.messages.sendFile(
    (async function* () {
      yield* parts;
    })(),
  );
  expect(await failureOf(call)).toMatchObject({ code });
});

test("uploads that wait have no room for more than their bound, and give it back", async () => {
  using folder = temporaryFolder();
  await using daemon = await start(folder.path);
  const clients = clientsOf(daemon, "gRPC");
  const { conversationId } = await introduce(clients);
  const leaving = new AbortController();
  const stuck = [1, 2].map(async () => {
    const parts = async function* () {
      yield file(104_857_600n);
      await new Promise((resolve) => leaving.signal.addEventListener("abort", resolve));
    };
    await clients.messages.sendFile(parts(), { signal: leaving.signal }).catch(() => {});
  });
  const large = () =>
    failureOf(
      clients.messages.sendFile(
        (async function* () {
          yield file(104_857_600n);
        })(),
      ),
    );
  let failure = await large();
  for (let turn = 0; turn < 200 && failure.code !== "UPLOADS_FULL"; turn += 1) failure = await large();
  expect(failure).toMatchObject({ status: "ResourceExhausted", code: "UPLOADS_FULL", retryable: true });
  leaving.abort();
  await Promise.all(stuck);
  for (let turn = 0; turn < 200 && failure.code === "UPLOADS_FULL"; turn += 1) failure = await large();
  expect(failure.code).toBe("INVALID_OPTION"); // fewer bytes than announced: it had room
  const { messages } = await clients.conversations.getHistory({ account: "saro", conversationId });
  expect(messages).toHaveLength(1);
});

test("a message beyond 4 MiB that is no file is refused by its size", async () => {
  using folder = temporaryFolder();
  await using daemon = await start(folder.path);
  const clients = clientsOf(daemon);
  const { conversationId } = await introduce(clients);
  const content = { kind: { case: "text", value: "x".repeat(5_000_000) } } as const;
  const call = clients.messages.send({ account: "saro", conversationId, content });
  expect(await failureOf(call)).toMatchObject({ status: "ResourceExhausted" });
});

test("the log has no secret: no content, link, passphrase or token", async () => {
  using folder = temporaryFolder();
  const lines: string[] = [];
  await using daemon = await start(folder.path, { log: jsonLog("debug", (line) => lines.push(line)) });
  const clients = clientsOf(daemon);
  await clients.accounts.openAccount({ name: "kept", passphrase: "correct horse" });
  await clients.accounts.openAccount({ name: "raya", acknowledgementDelayMs: 0 });
  const { link } = await clients.accounts.createInvite({ account: "kept" });
  const accepted = await clients.conversations.acceptInvite({ account: "raya", link, content: hello });
  await failureOf(clients.conversations.acceptInvite({ account: "raya", link: `${link}x` }));
  await failureOf(clients.accounts.openAccount({ name: "kept", passphrase: "wrong horse" }));
  const log = lines.join("\n");
  expect(log).toContain("started");
  for (const secret of ["horse", link.slice(0, 40), link.slice(-20), "hello", accepted.conversationId]) {
    expect(log).not.toContain(secret);
  }
});
