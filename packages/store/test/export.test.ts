import { exportConversation, type NewMessageRecord, openMemoryStore } from "@chat/store";
import { expect, test } from "@jest/globals";

function message(number: number): NewMessageRecord {
  const content = new TextEncoder().encode(`text ${number}`);
  const common = { conversationId: "c", direction: "incoming", status: "received", content } as const;
  return { ...common, id: `m${number}`, lamport: number, sentAtMs: 1, storedAtMs: 2 };
}

test("a conversation is exported whole, oldest first, while messages arrive, and each once", async () => {
  await using store = openMemoryStore();
  await store.write(({ messages }) => {
    messages.putConversation({ id: "c", peer: "peer", createdAtMs: 1 });
    for (let number = 0; number < 250; number++) messages.putMessage(message(number));
  });
  const ids: string[] = [];
  for await (const { id } of exportConversation(store.messages, "c")) {
    ids.push(id);
    if (ids.length === 120) await store.write(({ messages }) => messages.putMessage(message(250)));
    // The one at which the next page begins.
    if (ids.length === 200) await store.write(({ messages }) => messages.deleteMessage("m199", 1));
  }
  expect(ids).toEqual(Array.from({ length: 251 }, (_, number) => `m${number}`));
});

test("a record is a line of JSON, with the content as bytes and as the application describes it", async () => {
  await using store = openMemoryStore();
  const content = Uint8Array.from({ length: 100_000 }, (_, index) => index % 256);
  await store.write(({ messages }) => {
    messages.putConversation({ id: "c", peer: "peer", createdAtMs: 1 });
    messages.putMessage({ ...message(1), content });
  });
  const describe = ({ content: bytes }: { content: Uint8Array }) => ({ length: bytes.length });
  const [record] = await Array.fromAsync(exportConversation(store.messages, "c", { describe }));
  const line = JSON.stringify(record);
  expect(line).not.toContain("\n");
  const { content: base64, ...rest } = JSON.parse(line);
  expect(new Uint8Array(Buffer.from(base64, "base64"))).toEqual(content);
  const fields = { id: "m1", conversationId: "c", direction: "incoming", status: "received", lamport: 1, sentAtMs: 1 };
  expect(rest).toEqual({ ...fields, storedAtMs: 2, description: { length: 100_000 } });
});

test("a conversation without messages is exported as nothing", async () => {
  await using store = openMemoryStore();
  expect(await Array.fromAsync(exportConversation(store.messages, "c"))).toEqual([]);
});
