/**
 * A planned chat between two people with js-waku's ReliableChannel. Runs in a thread of its own, in virtual time.
 * @module
 */
import { Simulation } from "@chat/sdk/testing";
import type { ReliableChannelOptions } from "@waku/sdk";
import { ChannelPerson } from "./channel-person.ts";
import { type ChatOutcome, outcomeOf } from "./chat-outcome.ts";
import { CHAT_MS, type ChatCondition, DOWN_MS, PEOPLE, planOf } from "./chat-plan.ts";
import type { Sdk } from "./light-node.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** As long as our handshake is given. */
const BEGINNING_MS = 60_000;
const RETRY_MS = 30_000;

/**
 * All that helps delivery is on by default: sync messages, store query on connect, retrieval by hint, repair requests,
 * retries every 30 s. Only these end after five minutes by default.
 */
export const BEST: ReliableChannelOptions = {
  maxRetryAttempts: (24 * 60 * 60 * 1000) / RETRY_MS,
  causalHistorySize: 10,
};

export type ChannelWorld = { readonly sdk: Sdk; readonly time: VirtualTime };

export type ChannelChatOptions = {
  readonly encodingMs?: number;
  readonly channel?: ReliableChannelOptions;
};

export async function channelChat(
  { sdk, time }: ChannelWorld,
  seed: number,
  condition: ChatCondition,
  { encodingMs = 0, channel = BEST }: ChannelChatOptions = {},
): Promise<ChatOutcome> {
  const plan = planOf(seed, condition);
  const published: number[] = [];
  await using simulation = new Simulation({ seed, nodes: condition.nodes });
  time.drive(simulation, seed);
  simulation.network.observe(({ payload }) => published.push(payload.length));
  const open = (name: string, index: number) =>
    new ChannelPerson(sdk, simulation, name, { nodes: [index % condition.nodes], encodingMs, channel });
  const people = { raya: open("raya", 0), saro: open("saro", 1) };
  for (const name of PEOPLE) await simulation.run(() => people[name].start());
  await simulation.pass(BEGINNING_MS);
  const heardBefore = people.raya.heard + people.saro.heard;
  simulation.setConditions(condition.network);
  for (const fault of condition.faults) {
    // Those of people are ours to inflict: the simulation does not know them.
    if (fault.kind === "offline") {
      const person = fault.person === "raya" ? people.raya : people.saro;
      simulation.after(fault.atMs, () => person.setOffline(true));
      simulation.after(fault.atMs + fault.durationMs, () => person.setOffline(false));
    } else simulation.plan(fault);
  }
  for (const { atMs, author, body } of plan.texts) simulation.after(atMs, () => people[author].send(body));
  for (const { atMs, person } of plan.crashes) {
    simulation.after(atMs, () => people[person].crash());
    simulation.after(atMs + DOWN_MS, () => void people[person].start());
  }
  await simulation.pass(CHAT_MS);
  const shown = new Map(PEOPLE.map((name) => [name, people[name].shown]));
  const confirmed = new Set(PEOPLE.flatMap((name) => [...people[name].acknowledged]));
  const heard = people.raya.heard + people.saro.heard - heardBefore;
  for (const name of PEOPLE) people[name].crash();
  return outcomeOf(seed, plan, { shown, confirmed, published, heard });
}
