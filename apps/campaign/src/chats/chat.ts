/**
 * Runs a plan, lets everything calm down, and compares what the two people have.
 * @module
 */
import { ChatError } from "@chat/sdk";
import {
  EstimateWatch,
  type Fault,
  findingsOf,
  HealthWatch,
  KeyWatch,
  QuotaWatch,
  Simulation,
  Witness,
} from "@chat/sdk/testing";
import { CHAT_MS, type Deed, type FilePlan, type Name, PEOPLE, type Plan } from "./plan.ts";

const HOUR_MS = 60 * 60 * 1000;
/** Retransmissions come an hour apart at most, and quota may make them wait. */
const CALM_MS = 6 * HOUR_MS;
const EPOCH_MS = 600_000;

export type Outcome = {
  readonly findings: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
  /** By how many seconds messages that waited for quota left later than was said. */
  readonly lateSeconds: readonly number[];
  readonly digest: string;
};

/** @param trace - takes what happens, line by line */
export async function runChat(plan: Plan, trace?: (line: string) => void): Promise<Outcome> {
  const { seed, nodes, conditions, quota, skewMs, writeMs } = plan;
  await using simulation = new Simulation({ seed, nodes, ...(trace && { trace }) });
  const chat = new Chat(simulation);
  const quotas = new QuotaWatch(simulation, quota);
  const keys = new KeyWatch(simulation);
  for (const name of PEOPLE) {
    const rateLimit = { messagesPerEpoch: quota, epochSeconds: EPOCH_MS / 1000 };
    const person = await simulation.person(name, { rateLimit, skewMs: skewMs[name], writeMs });
    chat.witnesses.set(name, new Witness(person));
  }
  const [raya, saro] = [chat.witness("raya"), chat.witness("saro")];
  const health = new HealthWatch(simulation, raya, saro);
  const estimates = [raya, saro].map((witness) => new EstimateWatch(simulation, witness));
  const invite = await simulation.run(() => raya.person.client.createInvite());
  await simulation.run(() => keys.remember(raya.person));
  await simulation.run(() => saro.accept(invite, "saro 0"));
  simulation.setConditions(conditions);
  for (const deed of plan.deeds) chat.plan(deed);
  await simulation.pass(CHAT_MS);
  simulation.calmDown();
  await simulation.pass(HOUR_MS); // whoever is down for a while is up again
  await chat.resumeAll();
  await simulation.pass(CALM_MS);

  const reuse = await simulation.run(() => keys.findings([raya.person, saro.person]));
  await simulation.run(() => health.expectComplete());
  const findings = [
    ...(await simulation.run(() => findingsOf(raya, saro))),
    ...quotas.findings,
    ...reuse.findings,
    ...health.findings,
  ];
  if (reuse.opened < simulation.publishedCount) findings.push(`only ${reuse.opened} messages could be opened`);
  for (const { person, errors } of [raya, saro]) {
    for (const error of [...errors, ...person.errors]) {
      if (!isExpected(error)) findings.push(`${person.name}: an error event: ${String(error)}`);
    }
  }
  const [undisturbed, interrupted] = (["lateMs", "interruptedLateMs"] as const).map((kind) =>
    estimates.flatMap((watch) => watch.report[kind]),
  ) as [number[], number[]];
  const right = (lateMs: readonly number[]) => lateMs.filter((ms) => Math.abs(ms) <= EPOCH_MS).length;
  const counts = {
    chats: 1,
    written: raya.sent.length + saro.sent.length,
    shown: raya.shown.length + saro.shown.length,
    published: simulation.publishedCount,
    files: chat.files,
    cancelled: chat.cancelled,
    crashes: raya.person.crashes + saro.person.crashes,
    healthLooks: health.looks,
    estimates: undisturbed.length,
    estimatesRight: right(undisturbed),
    estimatesInterrupted: interrupted.length,
    estimatesInterruptedRight: right(interrupted),
    estimatesWithoutTime: estimates.reduce((sum, { report }) => sum + report.withoutTime, 0),
  };
  return { findings, counts, lateSeconds: undisturbed.map((ms) => ms / 1000), digest: simulation.digest };
}

class Chat {
  readonly witnesses = new Map<Name, Witness>();
  files = 0;
  /** That somebody ended before they had arrived. */
  cancelled = 0;
  readonly #simulation: Simulation;
  /** Files, with their authors. */
  readonly #paused = new Map<string, Witness>();
  #written = 0;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  witness(name: Name): Witness {
    const witness = this.witnesses.get(name);
    if (witness === undefined) throw new Error(`no witness ${name}`);
    return witness;
  }

  plan(deed: Deed): void {
    if (isFault(deed)) this.#simulation.plan(deed);
    else this.#simulation.after(deed.atMs, () => this.#do(deed));
  }

  #do(deed: Exclude<Deed, Fault>): void {
    const author = this.witness(deed.name);
    if (deed.kind === "file") void this.#sendFile(author, deed);
    else for (let count = 0; count < deed.count; count += 1) void this.#write(author);
  }

  async resumeAll(): Promise<void> {
    for (const [id, author] of this.#paused) await this.#simulation.run(() => this.#setPaused(author, id, false));
  }

  /**
   * @param fileBytes - of a file; absent for a text
   * @returns its id, or undefined if it was not accepted
   */
  async #write(witness: Witness, fileBytes?: number): Promise<string | undefined> {
    if (!witness.person.isRunning) return undefined;
    this.#written += 1;
    const body = `${witness.person.name} ${this.#written}`;
    const [conversation] = await witness.person.client.conversations();
    if (conversation === undefined) return undefined; // the first message has not arrived yet
    try {
      return await witness.send(conversation, body, fileBytes);
    } catch (error) {
      if (!(error instanceof ChatError) || !error.retryable) witness.errors.push(error);
      return undefined;
    }
  }

  async #sendFile(author: Witness, { bytes, interference, afterMs }: FilePlan): Promise<void> {
    const id = await this.#write(author, bytes);
    if (id === undefined) return;
    this.files += 1;
    this.#simulation.after(afterMs, () => {
      const [one, other] = [...this.witnesses.values()];
      if (interference === "author pauses") void this.#setPaused(author, id, true);
      if (interference === "author cancels") void this.#cancel(author, id);
      if (interference === "reader cancels") void this.#cancel(author === one ? other : one, id);
    });
  }

  async #setPaused(author: Witness, id: string, isPaused: boolean): Promise<void> {
    if (!author.person.isRunning) return;
    this.#paused.set(id, author);
    const message = await author.person.client.sentMessage(id);
    await (isPaused ? message.pause() : message.resume());
  }

  async #cancel(witness: Witness | undefined, id: string): Promise<void> {
    if (witness === undefined || !witness.person.isRunning) return;
    const [conversation] = await witness.person.client.conversations();
    if (await conversation?.cancelTransfer(id)) this.cancelled += 1;
  }
}

function isFault(deed: Deed): deed is Fault {
  return deed.kind !== "write" && deed.kind !== "file";
}

/** Being offline is what these chats are about. */
function isExpected(error: unknown): boolean {
  return error instanceof ChatError && error.code === "PEER_UNREACHABLE";
}
