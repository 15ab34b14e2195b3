import { Simulation, Witness } from "@chat/sdk/testing";
import { expect, test } from "@jest/globals";

const SECOND_MS = 1000;
const EPOCH_MS = 600_000;

test.each([10, 5_000])(
  "a confirmation that waits for the next epoch leaves in it, though the clock was set back by %i ms meanwhile",
  async (backMs) => {
    await using simulation = new Simulation({ seed: 1 });
    const raya = new Witness(await simulation.person("raya"));
    const saro = new Witness(
      await simulation.person("saro", { rateLimit: { messagesPerEpoch: 12, epochSeconds: EPOCH_MS / SECOND_MS } }),
    );
    const invite = await simulation.run(() => raya.person.client.createInvite());
    await simulation.run(() => saro.accept(invite, "hello"));
    await simulation.pass(2 * EPOCH_MS); // what clients have to tell each other is told
    const [toRaya] = await simulation.run(() => saro.person.client.conversations());
    const [toSaro] = await simulation.run(() => raya.person.client.conversations());
    if (toRaya === undefined || toSaro === undefined) throw new Error("want a conversation, got none");
    for (let number = 0; number < 12; number += 1) await simulation.run(() => saro.send(toRaya, `${number}`));
    await simulation.pass(30 * SECOND_MS);
    expect(saro.person.client.quota).toMatchObject({ level: "exhausted" });
    const id = await simulation.run(() => raya.send(toSaro, "do you hear me?"));
    await simulation.pass(30 * SECOND_MS);
    expect(saro.shown.map(({ body }) => body)).toEqual(["do you hear me?"]);
    expect(raya.statusOf(id)).toBe("sent");
    saro.person.jumpClock(-backMs);
    await simulation.pass(EPOCH_MS);
    expect(raya.statusOf(id)).toBe("delivered");
  },
);
