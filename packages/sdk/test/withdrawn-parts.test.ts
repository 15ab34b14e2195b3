/** What was taken back is not missed, though the word that it was is lost, or the one who took it back did not know it. */
import { file, text } from "@chat/sdk";
import { Simulation } from "@chat/sdk/testing";
import { expect, test } from "@jest/globals";

const MINUTE_MS = 60_000;
const BYTES = new Uint8Array(3_000_000).map((_, index) => index >> 8);

test.each([
  ["its author", 1],
  ["its author", 2],
  ["its reader", 1],
  ["its reader", 2],
] as const)("a file that was ended by %s leaves nothing missing (seed %i)", async (who, seed) => {
  await using simulation = new Simulation({ seed });
  const rateLimit = { messagesPerEpoch: 16 };
  const raya = await simulation.person("raya", { rateLimit });
  const saro = await simulation.person("saro", { rateLimit });
  const invite = await simulation.run(() => raya.client.createInvite());
  const toRaya = await simulation.run(() => saro.client.accept(invite, text("hello")));
  await simulation.pass(5 * MINUTE_MS);
  const [toSaro] = await raya.client.conversations();
  if (toSaro === undefined) throw new Error("want a conversation, got none");
  simulation.setConditions({ loss: 0.5, storeLoss: 1 });
  const sent = await simulation.run(() => toRaya.send(file({ name: "", mediaType: "", bytes: BYTES })));
  await simulation.pass(5_000);
  // Segments name those before them: some are known to be missing.
  const { missing } = await simulation.run(() => toSaro.health());
  expect(missing).toBeGreaterThan(0);
  if (who === "its author") {
    simulation.setConditions({ loss: 1 });
    expect(await simulation.run(() => sent.cancel())).toBe(true);
    await simulation.pass(MINUTE_MS);
  } else expect(await simulation.run(() => toSaro.cancelTransfer(sent.id))).toBe(true);
  simulation.setConditions({ loss: 0, storeLoss: 0 });
  await simulation.pass(60 * MINUTE_MS);
  expect(await sent.status()).toBe("cancelled");
  expect(await simulation.run(() => toSaro.health())).toMatchObject({ missing: 0, isComplete: true });
  expect(await simulation.run(() => toRaya.health())).toMatchObject({ isComplete: true });
});
