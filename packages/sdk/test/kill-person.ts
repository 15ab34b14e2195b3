/**
 * One of the two people of `kill.test.ts`, in a process of their own: chats until it is killed.
 * On standard input, `drain` ends the sending, and `finish` closes the client when everything has arrived.
 */
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { ChatClient, type Conversation, file, type Message, text } from "@chat/sdk";
import { note, type Person, readDiary } from "./kill-diary.ts";

const FILE_BYTES = 600_000;

const person = JSON.parse(process.argv[2] ?? "") as Person;
const before = readDiary(person.diary);
const emitted = new Set(before.flatMap((entry) => (entry.kind === "emitted" ? [entry.id] : [])));
let drains = false;
let finishes = false;

createInterface({ input: process.stdin })
  .on("line", (line) => {
    drains = true;
    finishes ||= line === "finish";
  })
  .on("close", () => process.exit(1)); // the test is gone

const client = await ChatClient.create({
  database: person.database,
  network: person.network,
  acknowledgementDelayMs: 0,
  rateLimit: "devnet",
});
note(person.diary, { kind: "opened" });
void reportErrors();
const reading = read();
const conversation = await begin();
await write(conversation);
await until(async () => (await history()).every((m) => m.direction === "incoming" || m.status === "delivered"));
note(person.diary, { kind: "settled" });
await until(async () => finishes && (await history()).every((m) => m.direction === "outgoing" || emitted.has(m.id)));
await client.close();
await reading;
process.exit(0);

async function reportErrors(): Promise<void> {
  for await (const event of client.events()) if (event.type === "error") process.stderr.write(`${event.error}\n`);
}

async function read(): Promise<void> {
  const positions = before.flatMap((entry) => (entry.kind === "emitted" ? [entry.sequence] : []));
  const options = person.keepsPosition ? { since: Math.max(0, ...positions) } : {};
  for await (const { id, sequence } of client.messages(options)) {
    note(person.diary, { kind: "emitted", id, sequence });
    emitted.add(id);
  }
}

async function begin(): Promise<Conversation> {
  for (;;) {
    const [existing] = await client.conversations();
    if (existing !== undefined) return existing;
    if (person.invite !== undefined) return client.accept(person.invite);
    await pause(20);
  }
}

async function write(to: Conversation): Promise<void> {
  let number = before.filter(({ kind }) => kind === "trying").length;
  let owesFile = person.sendsFile && !before.some((entry) => entry.kind === "accepted" && entry.what === "file");
  // Whoever was killed before the conversation reached them still has something to say.
  let hasWritten = before.some(({ kind }) => kind === "accepted");
  while (!drains || owesFile || !hasWritten) {
    number += 1;
    note(person.diary, { kind: "trying", number });
    const what = owesFile ? "file" : "text";
    const bytes = () => new Uint8Array(FILE_BYTES).map((_, index) => index * 31 + (index >> 8));
    const content = owesFile ? file({ name: `${number}`, mediaType: "", bytes: bytes() }) : text(`${number}`);
    const { id } = await to.send(content);
    note(person.diary, { kind: "accepted", id, what });
    owesFile = false;
    hasWritten = true;
    await pause(40);
  }
}

function history(): Promise<Message[]> {
  return conversation.history({ limit: 100_000 });
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await pause(100);
}
