/** Files on bad networks between processes that end at any time: whole on both sides, or on neither. */
import { type ChatClient, file, isFile, type SentMessage, text } from "@chat/sdk";
import { type SimulatedPerson, Simulation } from "@chat/sdk/testing";
import { expect, test } from "@jest/globals";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const BYTES = new Uint8Array(3_000_000).map((_, index) => index >> 8);

async function filesOf(client: ChatClient) {
  const [conversation] = await client.conversations();
  const history = (await conversation?.history({ limit: 1000 })) ?? [];
  return {
    ids: history.map(({ id }) => id),
    files: history.flatMap(({ content }) => (isFile(content) ? [content.bytes] : [])),
    transfers: (await conversation?.transfers()) ?? [],
  };
}

async function segmentsOf({ store }: SimulatedPerson): Promise<number> {
  return (await Array.fromAsync(store.messages.segments())).length;
}

test.each([1, 2, 3, 4, 5, 6])(
  "a file that is paused, resumed, and perhaps cancelled, amid crashes (seed %i)",
  async (seed) => {
    const bad = { loss: 0.2, duplication: 0.1, publishLoss: 0.1, answerLoss: 0.05 };
    await using simulation = new Simulation({ seed, ...bad });
    const rateLimit = { messagesPerEpoch: 16 };
    const raya = await simulation.person("raya", { rateLimit, writeMs: 2 });
    const saro = await simulation.person("saro", { rateLimit, writeMs: 2 });
    const invite = await simulation.run(() => raya.client.createInvite());
    const conversation = await simulation.run(() => saro.client.accept(invite, text("hello")));
    await simulation.pass(5 * MINUTE_MS);
    const { id } = await simulation.run(() => conversation.send(file({ name: "", mediaType: "", bytes: BYTES })));
    const sent = (): Promise<SentMessage> => simulation.run(() => saro.client.sentMessage(id));
    let isCancelled = false;
    for (let round = 0; round < 12; round += 1) {
      await simulation.pass(simulation.random.below(2 * MINUTE_MS));
      const message = await sent();
      const choice = simulation.random.below(7);
      if (choice === 0) await simulation.run(() => message.pause());
      if (choice === 1) await simulation.run(() => message.resume());
      if (choice === 2) await simulation.run(() => message.conversation.send(text(`${round}`)));
      if (round === 5 + (seed % 3) && seed % 2 === 0) {
        isCancelled = (await simulation.run(() => message.cancel())) || isCancelled;
      }
      if (choice > 2) {
        const person = choice < 5 ? raya : saro;
        // While it does whatever it does.
        person.crashAfter(simulation.random.below(60));
        if (choice === 6 && person.isRunning) void message.resume().catch(() => {});
        await simulation.pass(10_000);
        person.crash();
        await simulation.run(() => person.start());
      }
    }
    simulation.setConditions({ loss: 0, duplication: 0, publishLoss: 0, answerLoss: 0 });
    await simulation.run(async () => (await saro.client.sentMessage(id)).resume());
    await simulation.pass(4 * HOUR_MS);
    const ofSaro = await simulation.run(() => filesOf(saro.client));
    const ofRaya = await simulation.run(() => filesOf(raya.client));
    const status = await simulation.run(async () => (await saro.client.sentMessage(id)).status());
    expect(status).toBe(isCancelled ? "cancelled" : "delivered");
    expect(ofRaya.files).toEqual(isCancelled ? [] : [BYTES]);
    expect(ofRaya.ids).toEqual(isCancelled ? ofSaro.ids.filter((each) => each !== id) : ofSaro.ids);
    expect([ofSaro.transfers, ofRaya.transfers]).toEqual([[], []]);
    expect([await segmentsOf(raya), (await Array.fromAsync(saro.store.messages.outbox())).length]).toEqual([0, 0]);
  },
);
