import { ChatClient, defineContentType, isText, isUnsupported, reaction, reactionType, text } from "@chat/sdk";
import { MemoryNetwork } from "@chat/sdk/testing";
import { expect, test } from "@jest/globals";
import { next, open } from "./people.ts";

const pollType = defineContentType({
  kind: "poll",
  domain: 70_000,
  tag: 1,
  encode: ({ question }: { readonly question: string }) => new TextEncoder().encode(question),
  decode: (payload) => ({ question: new TextDecoder().decode(payload) }),
  fallback: ({ question }) => `Poll: ${question}`,
});
const poll = pollType.create({ question: "Tea?" });

test("content of the application's own type arrives as it was, and is in both histories (CHAT-F5)", async () => {
  const network = new MemoryNetwork();
  await using raya = await open(network.connect(), { contentTypes: [pollType] });
  await using saro = await open(network.connect(), { contentTypes: [pollType] });
  const chat = await saro.accept(await raya.createInvite(), poll);
  const { content, conversation } = await next(raya);
  expect(pollType.is(content) && content.question).toBe("Tea?");
  expect((await chat.history()).map((message) => message.content)).toEqual([poll]);
  await conversation.send(poll);
  expect((await next(saro)).content).toEqual(poll);
});

test("who does not know the type sees the fallback and keeps the bytes; supplied types need nothing (CHAT-F5)", async () => {
  const network = new MemoryNetwork();
  await using raya = await open(network.connect());
  await using saro = await open(network.connect(), { contentTypes: [pollType] });
  const chat = await saro.accept(await raya.createInvite(), poll);
  const { content, conversation, id } = await next(raya);
  expect(isUnsupported(content) && [content.fallback, content.reason]).toEqual(["Poll: Tea?", "unknown-type"]);
  expect(isUnsupported(content) && content.payload).toEqual(pollType.encode(poll));
  await conversation.send(reaction(id, "👍"));
  const answer = (await next(saro)).content;
  expect(reactionType.is(answer) && [answer.messageId, answer.emoji]).toEqual([id, "👍"]);
  await chat.send(text("hi"));
  const last = (await next(raya)).content;
  expect(isText(last) && last.text).toBe("hi");
});

test("content of a type that the client was not given is refused, and so are two types of one name", async () => {
  const network = new MemoryNetwork();
  await using raya = await open(network.connect());
  await using saro = await open(network.connect());
  const chat = await saro.accept(await raya.createInvite());
  await expect(chat.send(poll)).rejects.toMatchObject({ name: "CodecError", code: "INVALID_CONTENT" });
  const options = { database: null, network: network.connect(), contentTypes: [pollType, pollType] };
  await expect(ChatClient.create(options)).rejects.toMatchObject({
    code: "INVALID_OPTION",
    message: expect.stringContaining("contentTypes"),
  });
});
