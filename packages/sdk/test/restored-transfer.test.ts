/** A file that is under way when its sender's or its recipient's database is put back to an older state. */
import { copyFileSync } from "node:fs";
import { type ChatClient, file, isFile, text } from "@chat/sdk";
import { MemoryNetwork } from "@chat/sdk/testing";
import { expect, test } from "@jest/globals";
import { passWithDisk } from "./pass-with-disk.ts";
import { open, temporaryFolder, until } from "./people.ts";
import { VirtualClock } from "./virtual-clock.ts";

const EPOCH_MS = 600_000;
const BYTES = new Uint8Array(3_000_000).map((_, index) => index >> 8);

async function filesOf(client: ChatClient): Promise<Uint8Array[]> {
  const [chat] = await client.conversations();
  return ((await chat?.history()) ?? []).flatMap(({ content }) => (isFile(content) ? [content.bytes] : []));
}

test.each(["sender", "recipient"])(
  "it arrives whole, once, and is delivered: restore of the %s",
  async (who) => {
    using folder = temporaryFolder();
    const network = new MemoryNetwork();
    // At the beginning of an epoch, so that the next ones begin when the test says so.
    const clock = new VirtualClock(Math.floor(Date.now() / EPOCH_MS) * EPOCH_MS);
    const [ofRaya, ofSaro] = [folder.path("raya.db"), folder.path("saro.db")];
    const asRaya = () => open(network.connect(), { clock, database: ofRaya });
    const asSaro = () => open(network.connect(), { clock, database: ofSaro, rateLimit: { messagesPerEpoch: 14 } });
    let [raya, saro] = [await asRaya(), await asSaro()];
    const chat = await saro.accept(await raya.createInvite(), text("hello"));
    await until(async () => (await raya.conversations()).length === 1, "hello");
    await (await raya.conversations())[0]?.send(text("hello Saro"));
    await passWithDisk(clock, 13); // each gives the other a private invite
    const { id } = await chat.send(file({ name: "", mediaType: "", bytes: BYTES }));
    await passWithDisk(clock, 2);
    const [client, database] = who === "sender" ? [saro, ofSaro] : [raya, ofRaya];
    expect((await (await client.conversations())[0]?.transfers())?.map(({ messageId }) => messageId)).toEqual([id]);
    await client.close();
    copyFileSync(database, folder.path("old.db"));
    if (who === "sender") saro = await asSaro();
    else raya = await asRaya();
    await passWithDisk(clock, 11); // more of it leaves and arrives
    await (who === "sender" ? saro : raya).close();
    copyFileSync(folder.path("old.db"), database);
    if (who === "sender") saro = await asSaro();
    else raya = await asRaya();
    await passWithDisk(clock, 60);
    await until(async () => (await (await saro.sentMessage(id)).status()) === "delivered", "delivered");
    expect(await filesOf(raya)).toEqual([BYTES]);
    for (const each of [raya, saro]) {
      expect(await (await each.conversations())[0]?.transfers()).toEqual([]);
      await each.close();
    }
  },
  60_000,
);
