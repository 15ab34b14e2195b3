/** A database that was put back to an older state: nothing of before is sent or received with keys that were used since. */
import { copyFileSync } from "node:fs";
import { text } from "@chat/sdk";
import { MemoryNetwork } from "@chat/sdk/testing";
import { expect, test } from "@jest/globals";
import { nextText, open, temporaryFolder, until } from "./people.ts";

test("a conversation of before a restore is read, but neither sends nor receives, until a new invite was accepted", async () => {
  using folder = temporaryFolder();
  const network = new MemoryNetwork();
  const database = folder.path("saro.db");
  await using raya = await open(network.connect());
  {
    await using saro = await open(network.connect(), { database });
    const chat = await saro.accept(await raya.createInvite(), text("hello"));
    expect(await nextText(raya)).toBe("hello");
    await (await chat.send(text("two")))?.delivered();
    expect(await nextText(raya)).toBe("two");
  }
  copyFileSync(database, folder.path("old.db"));
  const [ofRaya] = await raya.conversations();
  {
    await using saro = await open(network.connect(), { database });
    const [chat] = await saro.conversations();
    await (await chat?.send(text("lost")))?.delivered();
    expect(await nextText(raya)).toBe("lost");
  }
  copyFileSync(folder.path("old.db"), database);
  {
    await using saro = await open(network.connect(), { database });
    const [chat] = await saro.conversations();
    await expect(chat?.send(text("no"))).rejects.toMatchObject({ name: "ChatError", code: "RESTORED" });
    const texts = (await chat?.history())?.map(({ content }) => content);
    expect(texts).toMatchObject([{ text: "hello" }, { text: "two" }]);
    expect(await chat?.safetyNumber()).toEqual(await ofRaya?.safetyNumber());
    const before = saro.discarded["not-for-us"] ?? 0;
    await ofRaya?.send(text("to nobody"));
    await until(async () => (saro.discarded["not-for-us"] ?? 0) > before, "discarded");
    expect(await chat?.history()).toHaveLength(2);
    // A new invite makes a new session in the same conversation.
    const again = await saro.accept(await raya.createInvite(), text("again"));
    expect(again.id).toBe(chat?.id);
    await chat?.send(text("yes"));
    expect(await chat?.history()).toHaveLength(4);
  }
});
