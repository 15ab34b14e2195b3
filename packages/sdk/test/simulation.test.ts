import { isText, text } from "@chat/sdk";
import { findingsOf, Simulation, type SimulationOptions, Witness } from "@chat/sdk/testing";
import { describe, expect, test } from "@jest/globals";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Raya answers every message of Saro's; 20 messages in 20 minutes, under 30 % loss. */
async function chat(options: SimulationOptions) {
  await using simulation = new Simulation(options);
  const raya = await simulation.person("raya");
  const saro = await simulation.person("saro");
  void (async () => {
    for await (const { conversation, content } of raya.client.messages()) {
      if (isText(content)) await conversation.send(text(`you said ${content.text}`));
    }
  })();
  const answers: string[] = [];
  void (async () => {
    for await (const { content } of saro.client.messages()) if (isText(content)) answers.push(content.text);
  })();
  const invite = await simulation.run(() => raya.client.createInvite());
  const conversation = await simulation.run(() => saro.client.accept(invite, text("hello")));
  for (let number = 1; number < 20; number += 1) {
    await simulation.run(() => conversation.send(text(`${number}`)));
    await simulation.pass(MINUTE_MS);
  }
  simulation.setConditions({ loss: 0, storeLoss: 0 });
  await simulation.pass(2 * HOUR_MS);
  return { answers, digest: simulation.digest, published: simulation.publishedCount };
}

describe("a simulation", () => {
  test("runs a bot under 30 % loss: every answer arrives, once", async () => {
    const { answers } = await chat({ seed: 1, loss: 0.3, storeLoss: 0.3, publishLoss: 0.1, answerLoss: 0.1 });
    const said = ["hello", ...Array.from({ length: 19 }, (_, index) => `${index + 1}`)];
    expect(answers.toSorted()).toEqual(said.map((body) => `you said ${body}`).toSorted());
  });

  test("is the same for the same seed, byte for byte, and another for another", async () => {
    const conditions = { loss: 0.4, duplication: 0.2, storeLoss: 0.2, publishLoss: 0.2, answerLoss: 0.1, nodes: 2 };
    const first = await chat({ seed: 7, ...conditions });
    expect(await chat({ seed: 7, ...conditions })).toEqual(first);
    expect((await chat({ seed: 8, ...conditions })).digest).not.toBe(first.digest);
  });

  test("ends a process between any two steps; what was accepted before is there in its next life", async () => {
    for (const steps of [1, 2, 3, 5, 8, 13, 21, 34, 55]) {
      await using simulation = new Simulation({ seed: steps });
      const raya = new Witness(await simulation.person("raya"));
      const saro = new Witness(await simulation.person("saro", { writeMs: 5 }));
      const invite = await simulation.run(() => raya.person.client.createInvite());
      saro.person.crashAfter(steps);
      void saro.accept(invite, "hello");
      await simulation.pass(MINUTE_MS);
      saro.person.crash(); // if it did not take so many steps
      await simulation.run(() => saro.person.start());
      if (saro.sent[0]?.id === undefined) await simulation.run(() => saro.accept(invite, "hello again"));
      await simulation.pass(HOUR_MS);
      expect(raya.shown.length).toBeGreaterThan(0);
      expect(await simulation.run(() => findingsOf(raya, saro))).toEqual([]);
    }
  });

  test("keeps apart what a partition keeps apart, and brings it together again", async () => {
    await using simulation = new Simulation({ seed: 3, nodes: 2 });
    const raya = new Witness(await simulation.person("raya", { nodes: [0] }));
    const saro = new Witness(await simulation.person("saro", { nodes: [1] }));
    simulation.network.partition([[0], [1]]);
    const invite = await simulation.run(() => raya.person.client.createInvite());
    await simulation.run(() => saro.accept(invite, "hello"));
    await simulation.pass(HOUR_MS);
    expect(raya.shown).toEqual([]);
    simulation.network.partition();
    await simulation.pass(10 * MINUTE_MS);
    expect(raya.shown.map(({ body }) => body)).toEqual(["hello"]);
    expect(await simulation.run(() => findingsOf(raya, saro))).toEqual([]);
  });

  test("finds what it is there to find", async () => {
    await using simulation = new Simulation({ seed: 4 });
    const raya = new Witness(await simulation.person("raya"));
    const saro = new Witness(await simulation.person("saro"));
    const invite = await simulation.run(() => raya.person.client.createInvite());
    await simulation.run(() => saro.accept(invite, "hello"));
    await simulation.pass(MINUTE_MS);
    simulation.setConditions({ loss: 1, storeLoss: 1 });
    const [conversation] = await saro.person.client.conversations();
    if (conversation) await simulation.run(() => saro.send(conversation, "nobody hears this"));
    await simulation.pass(MINUTE_MS);
    const [hello] = raya.shown;
    if (hello !== undefined) raya.shown.push(hello, { ...hello, id: "x", body: "made up" });
    expect(await simulation.run(() => findingsOf(raya, saro))).toEqual([
      'saro: "nobody hears this" is lost and sent',
      'saro never wrote "made up"',
      'raya is shown "hello" twice',
      "1 messages are in one history and not in the other",
    ]);
  });

  test("finds texts that are shown in another order than they were written in", async () => {
    await using simulation = new Simulation({ seed: 6 });
    const raya = new Witness(await simulation.person("raya"));
    const saro = new Witness(await simulation.person("saro"));
    const invite = await simulation.run(() => raya.person.client.createInvite());
    await simulation.run(() => saro.accept(invite, "one"));
    const [conversation] = await saro.person.client.conversations();
    if (conversation) await simulation.run(() => saro.send(conversation, "two"));
    await simulation.pass(MINUTE_MS);
    const [one, two] = raya.shown;
    if (one === undefined || two === undefined) throw new Error("want two messages, got fewer");
    expect(await simulation.run(() => findingsOf(raya, saro))).toEqual([]);
    raya.shown.reverse();
    expect(await simulation.run(() => findingsOf(raya, saro))).toEqual(['raya is shown "two" before "one"']);
    // It waited as long as it has to.
    raya.shown.splice(0, 2, { ...two, atMs: two.atMs + MINUTE_MS }, one);
    expect(await simulation.run(() => findingsOf(raya, saro))).toEqual([]);
  });

  test.each([
    [{ seed: -1 }, "seed"],
    [{ seed: 1, loss: 1.1 }, "loss"],
    [{ seed: 1, delayMs: -1 }, "delayMs"],
  ])("names what is wrong in %j", (options, name) => {
    expect(() => new Simulation(options)).toThrow(name);
  });
});

test("a message that is sent once more after a crash, because nobody heard the answer, stays delivered", async () => {
  await using simulation = new Simulation({ seed: 5 });
  const raya = await simulation.person("raya");
  const saro = new Witness(await simulation.person("saro", { acknowledgementDelayMs: 0 }));
  const invite = await simulation.run(() => raya.client.createInvite());
  await simulation.run(() => saro.accept(invite, "hello"));
  await simulation.pass(MINUTE_MS);
  simulation.setConditions({ answerLoss: 1 });
  const [conversation] = await saro.person.client.conversations();
  if (conversation === undefined) throw new Error("want a conversation, got none");
  const id = await simulation.run(() => saro.send(conversation, "did you hear?"));
  await simulation.pass(14_000); // the answer is still waited for
  saro.person.crash();
  simulation.setConditions({ answerLoss: 0 });
  const published = simulation.publishedCount;
  await simulation.run(() => saro.person.start());
  await simulation.pass(MINUTE_MS);
  expect(simulation.publishedCount).toBe(published); // the same message once more is none
  expect(await (await saro.person.client.sentMessage(id)).status()).toBe("delivered");
  expect(saro.statuses.get(id)).toEqual(["queued", "delivered"]);
});
