/**
 * Runs a plan, lets everything calm down, and compares what the two people have.
 * @module
 */
import { ChatError } from "@chat/sdk";
import { findingsOf, KeyWatch, type Published, Simulation, Witness } from "@chat/sdk/testing";
import { CHAT_MS, type Deed, type FilePlan, type Name, PEOPLE, type Plan } from "./plan.ts";

const SECOND_MS = 1000;
const HOUR_MS = 60 * 60 * SECOND_MS;
/** Retransmissions come an hour apart at most, and quota may make them wait. */
const CALM_MS = 6 * HOUR_MS;
const QUOTAS = { twn: 100, devnet: 100_000 } as const;

export type Outcome = {
  readonly findings: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
  readonly digest: string;
};

export async function runChat(plan: Plan): Promise<Outcome> {
  const { seed, nodes, conditions, rateLimit, skewMs, writeMs } = plan;
  await using simulation = new Simulation({ seed, nodes });
  const chat = new Chat(simulation, plan);
  const slots = new SlotCheck(QUOTAS[rateLimit]);
  simulation.network.observe((message) => slots.see(message));
  const keys = new KeyWatch(simulation);
  for (const name of PEOPLE) {
    const person = await simulation.person(name, { rateLimit, skewMs: skewMs[name], writeMs });
    chat.witnesses.set(name, new Witness(person));
  }
  const invite = await simulation.run(() => chat.witness("raya").person.client.createInvite());
  await simulation.run(() => keys.remember(chat.witness("raya").person));
  await simulation.run(() => chat.witness("saro").accept(invite, "saro 0"));
  simulation.setConditions(conditions);
  for (const deed of plan.deeds) simulation.after(deed.atMs, () => chat.do(deed));
  await simulation.pass(CHAT_MS);
  await chat.calmDown();
  await simulation.pass(CALM_MS);

  const [raya, saro] = [chat.witness("raya"), chat.witness("saro")];
  const reuse = await simulation.run(() => keys.findings([raya.person, saro.person]));
  const findings = [...(await simulation.run(() => findingsOf(raya, saro))), ...slots.findings, ...reuse.findings];
  if (reuse.opened < simulation.publishedCount) findings.push(`only ${reuse.opened} messages could be opened`);
  for (const { person, errors } of [raya, saro]) {
    for (const error of errors)
      if (!isExpected(error)) findings.push(`${person.name}: an error event: ${String(error)}`);
  }
  const counts = {
    chats: 1,
    written: raya.sent.length + saro.sent.length,
    shown: raya.shown.length + saro.shown.length,
    published: simulation.publishedCount,
    files: chat.files,
    cancelled: chat.cancelled,
    crashes: chat.crashes,
  };
  return { findings, counts, digest: simulation.digest };
}

class Chat {
  readonly witnesses = new Map<Name, Witness>();
  crashes = 0;
  files = 0;
  /** That somebody ended before they had arrived. */
  cancelled = 0;
  readonly #simulation: Simulation;
  readonly #plan: Plan;
  /** Files, with their authors. */
  readonly #paused = new Map<string, Witness>();
  #written = 0;

  constructor(simulation: Simulation, plan: Plan) {
    this.#simulation = simulation;
    this.#plan = plan;
  }

  witness(name: Name): Witness {
    const witness = this.witnesses.get(name);
    if (witness === undefined) throw new Error(`no witness ${name}`);
    return witness;
  }

  do(deed: Deed): void {
    const simulation = this.#simulation;
    switch (deed.kind) {
      case "write":
        for (let count = 0; count < deed.count; count += 1) void this.#write(this.witness(deed.name));
        break;
      case "file":
        void this.#sendFile(this.witness(deed.name), deed);
        break;
      case "crash":
        this.#crash(this.witness(deed.name), deed.steps, deed.downMs);
        break;
      case "offline":
        this.witness(deed.name).person.setOffline(true);
        simulation.after(deed.durationMs, () => this.witness(deed.name).person.setOffline(false));
        break;
      case "jump":
        this.witness(deed.name).person.jumpClock(deed.byMs);
        break;
      case "partition":
        simulation.network.partition([[0], Array.from({ length: this.#plan.nodes - 1 }, (_, index) => index + 1)]);
        simulation.after(deed.durationMs, () => simulation.network.partition());
        break;
      case "node down":
        simulation.setUp(deed.node, false, { forgets: deed.forgets });
        simulation.after(deed.durationMs, () => simulation.setUp(deed.node, true));
        break;
    }
  }

  /** Nothing goes wrong any more, and everybody is there. */
  async calmDown(): Promise<void> {
    const simulation = this.#simulation;
    simulation.setConditions({ loss: 0, publishLoss: 0, answerLoss: 0, storeLoss: 0, queryFailure: 0, duplication: 0 });
    simulation.network.partition();
    for (let node = 0; node < this.#plan.nodes; node += 1) simulation.setUp(node, true);
    // Whoever does little, being offline, has not come to the end that was planned.
    for (const { person } of this.witnesses.values()) person.crashAfter(Number.POSITIVE_INFINITY);
    await simulation.pass(HOUR_MS); // whoever is down for a while is up again
    for (const { person } of this.witnesses.values()) person.setOffline(false);
    for (const [id, author] of this.#paused) await simulation.run(() => this.#setPaused(author, id, false));
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

  #crash(witness: Witness, steps: number, downMs: number): void {
    const { person } = witness;
    person.onCrash = () => {
      this.crashes += 1;
      this.#simulation.after(1 + downMs, () => {
        if (!person.isRunning) void witness.start().catch((error: unknown) => witness.errors.push(error));
      });
    };
    person.crashAfter(steps);
  }
}

/** Being offline is what these chats are about. */
function isExpected(error: unknown): boolean {
  return error instanceof ChatError && error.code === "PEER_UNREACHABLE";
}

/** What a validator of RLN would slash or refuse for. */
class SlotCheck {
  readonly findings: string[] = [];
  readonly #limit: number;
  readonly #bySlot = new Map<string, string>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  see({ slot, hash, sender }: Published): void {
    const name = `${sender}, epoch ${slot?.epoch}, index ${slot?.index}`;
    if (slot === undefined || slot.index >= this.#limit) this.findings.push(`${name}: not a slot of ${this.#limit}`);
    if ((this.#bySlot.get(name) ?? hash) !== hash) this.findings.push(`${name}: used for two messages`);
    this.#bySlot.set(name, hash);
  }
}
