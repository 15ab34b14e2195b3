/**
 * Invariant 7 of `docs/architecture.md`, with real processes, databases and sockets: kill -9 at any moment, start again,
 * and nothing that `send` accepted is lost, nothing is shown twice.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Devnet, startDevnet } from "@chat/devnet";
import { ChatClient, isFile, isText, type Message } from "@chat/sdk";
import { MemoryNetwork } from "@chat/sdk/testing";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type Entry, type Person, readDiary } from "./kill-diary.ts";
import { open, temporaryFolder } from "./people.ts";
import { randomFrom } from "./random.ts";

const SCRIPT = join(import.meta.dirname, "kill-person.ts");
const KILLS = 8;
const LONGEST_LIFE_MS = 900;
const LIMIT_MS = 90_000;

let devnet: Devnet;
beforeAll(async () => {
  devnet = await startDevnet();
});
afterAll(async () => {
  await devnet.close();
});

test.each([7, Math.floor(Math.random() * 2 ** 31)])(
  "two people who are killed again and again lose nothing and see nothing twice (seed %i)",
  async (seed) => {
    using folder = temporaryFolder();
    const random = randomFrom(seed);
    const network = { peers: devnet.peers, ...devnet.network };
    const persons = (["raya", "saro"] as const).map((name): Person => {
      const files = { database: folder.path(`${name}.db`), diary: folder.path(`${name}.log`) };
      return { ...files, network, keepsPosition: name === "raya", sendsFile: name === "saro" };
    });
    const [raya, saro] = persons as [Person, Person];
    const away = new MemoryNetwork();
    const setup = await open(away.connect(), { database: raya.database });
    const invite = await setup.createInvite();
    await setup.close();
    using rayaLives = new Lives(raya);
    using saroLives = new Lives({ ...saro, invite });
    const both = [rayaLives, saroLives];

    for (const lives of both) lives.begin();
    for (let kill = 0; kill < KILLS; kill += 1) {
      const choice = random();
      const victims = choice < 0.45 ? [rayaLives] : choice < 0.9 ? [saroLives] : both;
      // Mostly while they chat, sometimes while they start.
      if (random() < 0.8) for (const lives of victims) await lives.has("opened");
      await pause(random() * LONGEST_LIFE_MS);
      await Promise.all(victims.map((lives) => lives.kill()));
      for (const lives of victims) lives.begin();
    }
    for (const lives of both) lives.tell("drain");
    for (const lives of both) await lives.has("settled");
    for (const lives of both) lives.tell("finish");
    for (const lives of both) await lives.end();

    const [ofRaya, ofSaro] = await Promise.all([historyOf(raya), historyOf(saro)]);
    expect(idsOf(ofRaya).toSorted()).toEqual(idsOf(ofSaro).toSorted());
    check({ sender: saro, sent: ofSaro, recipient: raya, received: ofRaya });
    check({ sender: raya, sent: ofRaya, recipient: saro, received: ofSaro });
    expect(ofRaya.filter(({ content }) => isFile(content) && content.bytes.length === 600_000).length).toBeGreaterThan(
      0,
    );
  },
  LIMIT_MS,
);

type Way = {
  readonly sender: Person;
  readonly sent: Message[];
  readonly recipient: Person;
  readonly received: Message[];
};

function check({ sender, sent, recipient, received }: Way): void {
  const outgoing = sent.filter((message) => message.direction === "outgoing");
  const incoming = received.filter((message) => message.direction === "incoming");
  expect(new Set(outgoing.map(({ status }) => status))).toEqual(new Set(["delivered"]));
  expect(idsOf(incoming)).toHaveLength(new Set(idsOf(incoming)).size);
  const numbers = incoming.map(numberOf);
  expect(numbers).toHaveLength(new Set(numbers).size);

  const accepted = readDiary(sender.diary).flatMap((entry) => (entry.kind === "accepted" ? [entry.id] : []));
  expect(accepted.length).toBeGreaterThan(0);
  expect(accepted.filter((id) => !idsOf(incoming).includes(id))).toEqual([]);

  const diary = readDiary(recipient.diary).filter(({ kind }) => kind === "opened" || kind === "emitted");
  const emitted = diary.flatMap((entry) => (entry.kind === "emitted" ? [entry.id] : []));
  expect([...new Set(emitted)].toSorted()).toEqual(idsOf(incoming).toSorted());
  expect(repeats(diary, { exceptInHand: !recipient.keepsPosition })).toEqual([]);
}

/** Ids that were emitted again; with `exceptInHand`, the last one before a restart may come again as the first after it. */
function repeats(diary: readonly Entry[], { exceptInHand }: { exceptInHand: boolean }): string[] {
  const seen = new Set<string>();
  const repeated: string[] = [];
  let last: string | undefined;
  let isFirst = false;
  for (const entry of diary) {
    if (entry.kind === "opened") isFirst = true;
    if (entry.kind !== "emitted") continue;
    const wasInHand = exceptInHand && isFirst && entry.id === last;
    if (seen.has(entry.id) && !wasInHand) repeated.push(entry.id);
    seen.add(entry.id);
    last = entry.id;
    isFirst = false;
  }
  return repeated;
}

function idsOf(messages: readonly Message[]): string[] {
  return messages.map(({ id }) => id);
}

function numberOf({ content }: Message): string {
  if (isText(content)) return content.text;
  if (isFile(content)) return content.name;
  throw new TypeError("want a text or a file");
}

async function historyOf({ database }: Person): Promise<Message[]> {
  await using client = await ChatClient.create({
    database,
    network: new MemoryNetwork().connect(),
    rateLimit: "devnet",
  });
  const [conversation, ...others] = await client.conversations();
  expect(others).toEqual([]);
  return (await conversation?.history({ limit: 100_000 })) ?? [];
}

/** One process after the other for one person. */
class Lives {
  readonly #person: Person;
  #child: ChildProcess | undefined;
  #exit: Promise<unknown> = Promise.resolve();
  #entriesBefore = 0;
  #errors = "";

  constructor(person: Person) {
    this.#person = person;
  }

  begin(): void {
    this.#entriesBefore = readDiary(this.#person.diary).length;
    const nodeOptions = ["--conditions=@chat/source", "--no-warnings"];
    const child = spawn(process.execPath, [...nodeOptions, SCRIPT, JSON.stringify(this.#person)]);
    child.stderr.on("data", (chunk) => {
      this.#errors += String(chunk);
    });
    child.stdin.on("error", () => {}); // it was killed while told something
    this.#child = child;
    this.#exit = once(child, "exit");
  }

  /** Resolves when the process that lives now has written such an entry. */
  async has(kind: Entry["kind"]): Promise<void> {
    const entries = () => readDiary(this.#person.diary).slice(this.#entriesBefore);
    while (!entries().some((entry) => entry.kind === kind)) {
      const code = this.#child?.exitCode ?? null;
      if (code !== null) throw new Error(`ended with ${code} before "${kind}": ${this.#errors}`);
      await pause(20);
    }
  }

  tell(order: "drain" | "finish"): void {
    this.#child?.stdin?.write(`${order}\n`);
  }

  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#exit;
  }

  /** Waits until it ends by itself. */
  async end(): Promise<void> {
    await this.#exit;
    if (this.#child?.exitCode !== 0) throw new Error(`ended with ${this.#child?.exitCode}: ${this.#errors}`);
  }

  [Symbol.dispose](): void {
    this.#child?.kill("SIGKILL");
  }
}
