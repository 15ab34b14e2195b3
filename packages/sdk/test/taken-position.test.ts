/** What a crash repeats of the message stream: `docs/decisions/0003-message-streams.md`. */
import { type ChatClient, text } from "@chat/sdk";
import { MemoryNetwork } from "@chat/sdk/testing";
import { openMemoryStore, type Store } from "@chat/store";
import { expect, test } from "@jest/globals";
import { open, until } from "./people.ts";

/** A disk that is slow from some moment on: what is written then is durable only when it is released. */
function slowDisk(): { store: Store; inner: Store; stall: () => () => void } {
  const inner = openMemoryStore();
  let gate: Promise<void> = Promise.resolve();
  const store: Store = {
    messages: inner.messages,
    secrets: inner.secrets,
    close: () => inner.close(),
    [Symbol.asyncDispose]: () => inner.close(),
    write: async (change) => {
      await gate;
      return inner.write(change);
    },
  };
  const stall = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    return resolve;
  };
  return { store, inner, stall };
}

test("a message is handed out only when the one before it is durably taken: a crash repeats one at most", async () => {
  const network = new MemoryNetwork();
  const disk = slowDisk();
  const raya = await open(network.connect(), { database: disk.store });
  await using saro = await open(network.connect());
  const chat = await saro.accept(await raya.createInvite(), text("0"));
  for (let number = 1; number < 5; number += 1) await chat.send(text(`${number}`));
  await until(async () => (await receivedBy(raya)) === 5, "all five are in the database");

  const release = disk.stall();
  const handedOut: number[] = [];
  const reading = (async () => {
    for await (const { sequence } of raya.messages()) handedOut.push(sequence);
  })();
  await until(() => handedOut.length > 0, "the first one");
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  const durable = await disk.inner.messages.consumed();
  // A crash here would hand all of these out again.
  const wouldRepeat = handedOut.filter((sequence) => sequence > durable);
  release();
  await until(() => handedOut.length === 5, "all five");
  await raya.close();
  await reading;
  expect(wouldRepeat).toHaveLength(1);
});

async function receivedBy(client: ChatClient): Promise<number> {
  const [conversation] = await client.conversations();
  return ((await conversation?.history()) ?? []).length;
}
