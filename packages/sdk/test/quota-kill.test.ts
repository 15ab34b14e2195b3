/** Kill -9 at any moment: no place of an epoch's quota is used for two messages, and nothing accepted is lost. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { MemoryNetwork } from "@chat/sdk/testing";
import { expect, test } from "@jest/globals";
import { open, temporaryFolder } from "./people.ts";
import { type Order, readLog } from "./quota-log.ts";
import { randomFrom } from "./random.ts";

const SCRIPT = join(import.meta.dirname, "quota-person.ts");
const KILLS = 8;
const LONGEST_LIFE_MS = 800;
const RATE_LIMIT = { messagesPerEpoch: 30, epochSeconds: 2 };

test.each([11, Math.floor(Math.random() * 2 ** 31)])(
  "a sender that is killed again and again keeps its quota and loses nothing (seed %i)",
  async (seed) => {
    using folder = temporaryFolder();
    const raya = await open(new MemoryNetwork().connect());
    const invite = await raya.createInvite();
    await raya.close();
    const order = { database: folder.path("saro.db"), log: folder.path("saro.log"), invite, rateLimit: RATE_LIMIT };
    const random = randomFrom(seed);
    const person = new Lives(order);
    for (let kill = 0; kill < KILLS; kill += 1) {
      person.begin();
      // Mostly while it sends, sometimes while it starts.
      if (random() < 0.8) await person.opened();
      await pause(random() * LONGEST_LIFE_MS);
      await person.kill();
    }
    person.begin();
    await person.opened();
    await person.drain();

    const log = readLog(order.log);
    const published = log.flatMap((record) => (record.kind === "published" ? [record] : []));
    const digests = new Map<string, string>();
    for (const { epoch, index, digest, atMs } of published) {
      expect(index).toBeLessThan(RATE_LIMIT.messagesPerEpoch);
      expect(Math.abs(epoch - Math.floor(atMs / 1000 / RATE_LIMIT.epochSeconds))).toBeLessThanOrEqual(1);
      const slot = `${epoch} ${index}`;
      expect(digests.get(slot) ?? digest).toBe(digest);
      digests.set(slot, digest);
    }
    expect(digests.size).toBeGreaterThan(RATE_LIMIT.messagesPerEpoch);
    const accepted = log.flatMap((record) => (record.kind === "accepted" ? [record.id] : []));
    const statuses = new Map(log.flatMap((record) => (record.kind === "status" ? [[record.id, record.status]] : [])));
    expect(accepted.length).toBeGreaterThan(0);
    expect(accepted.map((id) => statuses.get(id)).filter((status) => status !== "sent")).toEqual([]);
  },
  90_000,
);

/** One process after the other. */
class Lives {
  readonly #order: Order;
  #child: ChildProcess | undefined;
  #openedBefore = 0;

  constructor(order: Order) {
    this.#order = order;
  }

  begin(): void {
    this.#openedBefore = this.#countOpened();
    const flags = ["--conditions=@chat/source", "--no-warnings"];
    const stdio = ["pipe", "inherit", "inherit"] as const;
    this.#child = spawn(process.execPath, [...flags, SCRIPT, JSON.stringify(this.#order)], { stdio: [...stdio] });
  }

  async opened(): Promise<void> {
    while (this.#countOpened() === this.#openedBefore) await pause(10);
  }

  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#exit();
  }

  async drain(): Promise<void> {
    this.#child?.stdin?.write("drain\n");
    await this.#exit();
    expect(this.#child?.exitCode).toBe(0);
  }

  async #exit(): Promise<void> {
    const child = this.#child;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }

  #countOpened(): number {
    if (!existsSync(this.#order.log)) return 0;
    return readLog(this.#order.log).filter(({ kind }) => kind === "opened").length;
  }
}
