/**
 * Four people who write to each other for a day on a network that loses some of it, with files, and with hours in which
 * somebody is away. Their databases are on disk, so what grows in memory is the clients'.
 * @module
 */
import { join } from "node:path";
import { type ChatClient, ChatError, type Conversation, file, text } from "@chat/sdk";
import { MemoryWatch, type SimulatedPerson, Simulation } from "@chat/sdk/testing";
import { openStore } from "@chat/store-sqlite";
import Database from "better-sqlite3";
import { type Counts, census } from "./census.ts";
import type { DayOrder, DayResult, Sample } from "./orders.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const NETWORK = {
  nodes: 2,
  // Longer than anybody is away.
  retentionMs: 3 * HOUR_MS,
  loss: 0.1,
  duplication: 0.1,
  publishLoss: 0.05,
  answerLoss: 0.05,
  storeLoss: 0.02,
  queryFailure: 0.05,
};
const NAMES = ["raya", "saro", "mara", "ilin"] as const;
type Name = (typeof NAMES)[number];
const PAIRS: readonly (readonly [Name, Name])[] = [
  ["raya", "saro"],
  ["raya", "mara"],
  ["saro", "ilin"],
];
const FILE_BYTES = 400_000;
/** Somebody is away for so long in each hour, and in every third one for two hours. */
const SHORT_ABSENCE_MS = 10 * MINUTE_MS;
const LONG_ABSENCE_MS = 2 * HOUR_MS;
/** Whoever was away has confirmed what was missed, and sent what was written, before the hour is looked at. */
const BACK_MS = 10 * MINUTE_MS;
/** Retransmissions come an hour apart at most. */
const CALM_MS = 6 * HOUR_MS;

export async function runDay({ seed, directory, hours, pauseMs }: DayOrder): Promise<DayResult> {
  await using simulation = new Simulation({ seed, ...NETWORK });
  const day = new Day(simulation, directory);
  await day.begin();
  const samples: Sample[] = [];
  for (let hour = 0; hour < hours; hour += 1) {
    day.plan(hour, pauseMs);
    await simulation.pass(HOUR_MS);
    samples.push(day.sample());
  }
  simulation.setConditions({ loss: 0, publishLoss: 0, answerLoss: 0, storeLoss: 0, queryFailure: 0 });
  await simulation.pass(CALM_MS);
  return { samples, ...(await day.end()) };
}

class Day {
  readonly #simulation: Simulation;
  readonly #memory: MemoryWatch;
  readonly #directory: string;
  readonly #people = new Map<Name, SimulatedPerson>();
  /** Nobody else can open them. */
  readonly #databases: Database.Database[] = [];
  readonly #errors: string[] = [];
  #accepted = 0;
  #shown = 0;
  #absences = 0;

  constructor(simulation: Simulation, directory: string) {
    this.#simulation = simulation;
    this.#memory = new MemoryWatch(simulation);
    this.#directory = directory;
  }

  async begin(): Promise<void> {
    const simulation = this.#simulation;
    for (const name of NAMES) {
      const store = await openStore({
        path: join(this.#directory, `${name}.db`),
        driver: (path, options) => {
          const database = new Database(path, options);
          this.#databases.push(database);
          return database;
        },
      });
      const person = await simulation.person(name, { store, rateLimit: "devnet" });
      this.#people.set(name, person);
      void this.#read(person.client);
      void this.#listen(name, person.client);
    }
    for (const [one, other] of PAIRS) {
      const invite = await simulation.run(() => this.#client(one).createInvite());
      await simulation.run(() => this.#client(other).accept(invite, text("hello")));
      this.#accepted += 1;
    }
    await simulation.pass(MINUTE_MS);
  }

  /** What happens within the hour that begins now. */
  plan(hour: number, pauseMs: number): void {
    const { random } = this.#simulation;
    const within = (task: () => void) => this.#simulation.after(random.below(HOUR_MS - MINUTE_MS), task);
    for (const pair of PAIRS) {
      for (const [author, reader] of [pair, pair.toReversed()] as (readonly [Name, Name])[]) {
        const mean = HOUR_MS / pauseMs;
        const count = Math.round(mean * (0.5 + random.fraction()));
        for (let written = 0; written < count; written += 1) within(() => void this.#write(author, reader, "text"));
      }
    }
    const [author, reader] = random.pick(PAIRS);
    within(() => void this.#write(author, reader, "file"));
    const away = random.pick(NAMES);
    if (hour % 6 === 2) this.#leave(away, 0, LONG_ABSENCE_MS - BACK_MS);
    else this.#leave(away, random.below(HOUR_MS - SHORT_ABSENCE_MS - BACK_MS), SHORT_ABSENCE_MS);
  }

  sample(): Sample {
    return {
      heapBytes: this.#memory.sample(),
      residentBytes: process.memoryUsage.rss(),
      entries: census(
        NAMES.map((name) => this.#client(name)),
        (className) => /^(Simulat|Scheduler|Life)/.test(className),
      ),
      rows: this.#rows(),
    };
  }

  /** Everything that was accepted has been delivered and shown, once. */
  async end(): Promise<Omit<DayResult, "samples">> {
    const findings = [...this.#errors];
    const totals = { received: 0, delivered: 0, others: 0 };
    for (const name of NAMES) {
      const { messagesByStatus } = await this.#simulation.run(() => this.#client(name).statistics());
      const { received, delivered, ...others } = messagesByStatus;
      totals.received += received;
      totals.delivered += delivered;
      totals.others += Object.values(others).reduce((sum, count) => sum + count, 0);
    }
    const accepted = this.#accepted;
    for (const [what, count] of Object.entries({ ...totals, shown: this.#shown })) {
      const wanted = what === "others" ? 0 : accepted;
      if (count !== wanted) findings.push(`${what}: want ${wanted} messages, got ${count}`);
    }
    const counts = { messages: accepted, published: this.#simulation.publishedCount, absences: this.#absences };
    return { findings, counts };
  }

  #leave(name: Name, inMs: number, durationMs: number): void {
    this.#absences += 1;
    this.#simulation.after(inMs, () => this.#person(name).setOffline(true));
    this.#simulation.after(inMs + durationMs, () => this.#person(name).setOffline(false));
  }

  async #write(author: Name, reader: Name, what: "text" | "file"): Promise<void> {
    try {
      const conversation = await this.#conversation(author, reader);
      const bytes = () => new Uint8Array(FILE_BYTES).fill(this.#accepted);
      const content = what === "text" ? text(`from ${author}`) : file({ name: author, mediaType: "", bytes: bytes() });
      await conversation.send(content);
      this.#accepted += 1;
    } catch (error) {
      this.#errors.push(`${author} could not write: ${String(error)}`);
    }
  }

  async #conversation(author: Name, reader: Name): Promise<Conversation> {
    const peer = this.#client(reader).accountId;
    const found = (await this.#client(author).conversations()).find((conversation) => conversation.peer === peer);
    if (found === undefined) throw new Error(`want a conversation with ${reader}, got none`);
    return found;
  }

  async #read(client: ChatClient): Promise<void> {
    for await (const _ of client.messages()) this.#shown += 1;
  }

  async #listen(name: Name, client: ChatClient): Promise<void> {
    for await (const event of client.events()) {
      if (event.type !== "error") continue;
      // Being offline is a part of it.
      if (event.error instanceof ChatError && event.error.code === "PEER_UNREACHABLE") continue;
      this.#errors.push(`${name}: an error event: ${String(event.error)}`);
    }
  }

  #rows(): Counts {
    const counts: Counts = {};
    for (const database of this.#databases) {
      const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all() as string[];
      for (const table of tables) {
        const count = database.prepare(`SELECT count(*) FROM "${table}"`).pluck().get() as number;
        counts[table] = (counts[table] ?? 0) + count;
      }
    }
    return counts;
  }

  #person(name: Name): SimulatedPerson {
    const person = this.#people.get(name);
    if (person === undefined) throw new Error(`no ${name} here`);
    return person;
  }

  #client(name: Name): ChatClient {
    return this.#person(name).client;
  }
}
