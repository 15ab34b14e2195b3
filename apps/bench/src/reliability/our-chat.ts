/**
 * A planned chat between two whole clients of `@chat/sdk`.
 * @module
 */
import { Simulation, Witness } from "@chat/sdk/testing";
import { wakuBytes } from "../bandwidth/waku-size.ts";
import { type ChatOutcome, outcomeOf } from "./chat-outcome.ts";
import { CHAT_MS, type ChatCondition, DOWN_MS, PEOPLE, type PersonName, planOf } from "./chat-plan.ts";

const MAILBOX_BITS = 9;
/** For the handshake, which is not what is compared. Its bytes count. */
const BEGINNING_MS = 60_000;
const GREETING = "greeting";

export async function ourChat(seed: number, condition: ChatCondition): Promise<ChatOutcome> {
  const plan = planOf(seed, condition);
  const published: number[] = [];
  let heard = 0;
  const trace = (line: string) => {
    if (line.includes(" hears ")) heard += 1;
  };
  await using simulation = new Simulation({ seed, trace, nodes: condition.nodes });
  simulation.network.observe(({ payload }) => published.push(wakuBytes(payload.length, MAILBOX_BITS)));
  const open = async (name: PersonName, index: number) => {
    return new Witness(await simulation.person(name, { nodes: [index % condition.nodes] }));
  };
  const [raya, saro] = [await open("raya", 0), await open("saro", 1)];
  const invite = await simulation.run(() => raya.person.client.createInvite());
  await simulation.run(() => saro.accept(invite, GREETING));
  await simulation.pass(BEGINNING_MS);
  heard = 0;
  simulation.setConditions(condition.network);
  for (const fault of condition.faults) simulation.plan(fault);
  const witnesses = { raya, saro };
  for (const { atMs, author, body } of plan.texts) {
    const { person } = witnesses[author];
    simulation.after(atMs, async () => {
      const [chat] = await person.client.conversations();
      if (chat === undefined) throw new Error("conversation: want one since the greeting, got none");
      await witnesses[author].send(chat, body);
    });
  }
  for (const { atMs, person: name } of plan.crashes) {
    const { person } = witnesses[name];
    simulation.after(atMs, () => person.crash());
    simulation.after(atMs + DOWN_MS, () => void person.start());
  }
  await simulation.pass(CHAT_MS);
  const shown = new Map(PEOPLE.map((name) => [name, witnesses[name].shown.map(({ body }) => body)]));
  const confirmed = new Set(PEOPLE.flatMap((name) => confirmedOf(witnesses[name])));
  for (const [name, bodies] of shown)
    shown.set(
      name,
      bodies.filter((body) => body !== GREETING),
    );
  return outcomeOf(seed, plan, { shown, confirmed, published, heard });
}

function confirmedOf(witness: Witness): readonly string[] {
  const isConfirmed = (id: string | undefined) => id !== undefined && witness.statusOf(id) === "delivered";
  return witness.sent.filter(({ id }) => isConfirmed(id)).map(({ body }) => body);
}
