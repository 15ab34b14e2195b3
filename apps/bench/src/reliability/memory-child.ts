/**
 * A process of its own for one measurement of memory: `memory-child ours|theirs MESSAGES`. Two people write so many
 * messages by turns, one a second, on a network where nothing goes wrong. Prints by how many bytes the heap and the
 * buffers of each have grown, after a garbage collection.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { text } from "@chat/sdk";
import { Simulation } from "@chat/sdk/testing";
import { openOurs } from "../store/open.ts";
import { BEST } from "./channel-chat.ts";
import { ChannelPerson } from "./channel-person.ts";
import { VirtualTime } from "./virtual-time.ts";

const SEED = 1;
const PAUSE_MS = 1000;
/** Of the service node: it lives in the same process, and is not to be counted. */
const RETENTION_MS = 5 * 60_000;
const WARM_UP = 50;

const [side, count] = process.argv.slice(2);
const messages = Number(count);
await using simulation = new Simulation({ seed: SEED, retentionMs: RETENTION_MS });
const write = side === "ours" ? await ourWriter() : await channelWriter();
await writeAll(WARM_UP);
const beforeBytes = await held();
await writeAll(messages);
const grownBytes = (await held()) - beforeBytes;
process.stdout.write(`${grownBytes / 2}\n`);
process.exit(0); // what waits would wait for virtual time

async function writeAll(count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    await write(index);
    await simulation.pass(PAUSE_MS);
  }
  // Until the service node has forgotten, too.
  await simulation.pass(2 * RETENTION_MS);
  await write(0);
  await simulation.pass(PAUSE_MS);
}

async function ourWriter(): Promise<(index: number) => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), "chat-bench-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const rateLimit = { messagesPerEpoch: 10_000, epochSeconds: 600 };
  const person = async (name: string) =>
    simulation.person(name, { rateLimit, store: await openOurs(join(folder, `${name}.db`)) });
  const people = [await person("raya"), await person("saro")] as const;
  const invite = await simulation.run(() => people[0].client.createInvite());
  await simulation.run(() => people[1].client.accept(invite, text("greeting")));
  await simulation.pass(60_000);
  return async (index) => {
    const [chat] = await people[index % 2 === 0 ? 0 : 1].client.conversations();
    await simulation.run(async () => chat?.send(text(bodyOf(index))));
  };
}

async function channelWriter(): Promise<(index: number) => Promise<void>> {
  const time = new VirtualTime();
  time.install();
  const sdk = await import("@waku/sdk");
  time.drive(simulation, SEED);
  const people = ["raya", "saro"].map(
    (name) => new ChannelPerson(sdk, simulation, name, { nodes: [0], channel: BEST }),
  );
  for (const person of people) await simulation.run(() => person.start());
  let written = 0;
  return async (index) => {
    const person = people[index % 2];
    written += 1;
    person?.send(`${person.name} ${written} ${bodyOf(index)}`);
  };
}

function bodyOf(index: number): string {
  return `${index} `.padEnd(100, "x");
}

async function held(): Promise<number> {
  for (let turn = 0; turn < 5; turn += 1) {
    await setImmediate();
    globalThis.gc?.();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
