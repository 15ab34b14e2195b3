/** Old envelopes that come again, from a store node that had them all along or from somebody who kept them, end no session. */
import { type ChatClient, type Conversation, text } from "@chat/sdk";
import { openMemoryStore } from "@chat/store";
import { expect, test } from "@jest/globals";
import { MemoryNetwork } from "../src/delivery/memory-network.ts";
import { nextText, open } from "./people.ts";

/** More turns of the ratchet than the rules of @chat/ratchet remember keys. */
const ROUNDS = 80;

test("whatever comes again, and however old it is, the session stays the one it was", async () => {
  const network = new MemoryNetwork();
  const stores = { raya: openMemoryStore(), saro: openMemoryStore() };
  await using raya = await open(network.connect(), { database: stores.raya });
  await using saro = await open(network.connect(), { database: stores.saro });
  const toRaya = await saro.accept(await raya.createInvite(), text("hello"));
  expect(await nextText(raya)).toBe("hello");
  const [toSaro] = await raya.conversations();
  if (toSaro === undefined) throw new Error("no conversation");
  for (let round = 0; round < ROUNDS; round += 1) {
    await say(toSaro, saro, `from raya ${round}`);
    await say(toRaya, raya, `from saro ${round}`);
  }
  const sessions = { raya: await stores.raya.secrets.sessions(), saro: await stores.saro.secrets.sessions() };
  const captured = [...network.published];
  const before = { raya: raya.discarded.undecryptable ?? 0, saro: saro.discarded.undecryptable ?? 0 };
  for (const message of captured) network.inject({ ...message, hash: `again ${message.hash}` });
  await say(toSaro, saro, "still there?");
  await say(toRaya, raya, "yes");
  const idsOf = (of: typeof sessions.raya) => of.map(({ id }) => id);
  expect(idsOf(await stores.raya.secrets.sessions())).toEqual(idsOf(sessions.raya));
  expect(idsOf(await stores.saro.secrets.sessions())).toEqual(idsOf(sessions.saro));
  // All of it was looked at.
  expect((raya.discarded.undecryptable ?? 0) - before.raya).toBeGreaterThan(ROUNDS);
  expect((saro.discarded.undecryptable ?? 0) - before.saro).toBeGreaterThan(ROUNDS);
}, 60_000);

async function say(conversation: Conversation, reader: ChatClient, body: string): Promise<void> {
  const message = await conversation.send(text(body));
  expect(await nextText(reader)).toBe(body);
  await message.delivered();
}
