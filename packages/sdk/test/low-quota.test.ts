import { Simulation, Witness } from "@chat/sdk/testing";
import { expect, test } from "@jest/globals";

const SECOND_MS = 1000;
const EPOCH_MS = 600_000;

test("confirmations leave while quota is low, but for the last tenth, which texts have for themselves", async () => {
  await using simulation = new Simulation({ seed: 1 });
  const raya = new Witness(await simulation.person("raya"));
  const rateLimit = { messagesPerEpoch: 20, epochSeconds: EPOCH_MS / SECOND_MS };
  const saro = new Witness(await simulation.person("saro", { rateLimit }));
  const invite = await simulation.run(() => raya.person.client.createInvite());
  await simulation.run(() => saro.accept(invite, "hello"));
  await simulation.pass(2 * EPOCH_MS); // what clients have to tell each other is told
  const [toRaya] = await simulation.run(() => saro.person.client.conversations());
  const [toSaro] = await simulation.run(() => raya.person.client.conversations());
  if (toRaya === undefined || toSaro === undefined) throw new Error("want a conversation, got none");
  const ask = async (body: string) => {
    const id = await simulation.run(() => raya.send(toSaro, body));
    await simulation.pass(10 * SECOND_MS);
    return raya.statusOf(id);
  };
  for (let number = 0; number < 15; number += 1) await simulation.run(() => saro.send(toRaya, `${number}`));
  await simulation.pass(10 * SECOND_MS);
  expect(saro.person.client.quota).toMatchObject({ level: "low" });
  expect(await ask("do you hear me?")).toBe("delivered");
  while (saro.person.client.quota.remaining > 2)
    await simulation.run(() => saro.send(toRaya, "more")).then(() => simulation.pass(SECOND_MS));
  expect(await ask("and now?")).toBe("sent");
  const last = await simulation.run(() => saro.send(toRaya, "this still goes"));
  await simulation.pass(10 * SECOND_MS);
  expect(saro.statusOf(last)).toBe("delivered");
  await simulation.pass(EPOCH_MS);
  expect(raya.sent.map(({ id }) => raya.statusOf(id ?? ""))).toEqual(["delivered", "delivered"]);
});
