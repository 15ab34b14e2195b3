/**
 * The main job (`npm start`): two people chat, end to end, over real Waku protocols on this machine, and what happens
 * is told as it happens. Exits with 0 only if every step did what it says.
 * @module
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startDevnet } from "@chat/devnet";
import { ChatClient, file, type IncomingMessage, isFile, isText, type SentMessage, text } from "@chat/sdk";
import { Transcript } from "./transcript.ts";

const FILE_SIZE_BYTES = 1_000_000;

const folder = await mkdtemp(join(tmpdir(), "chat-demo-"));
const say = new Transcript();
try {
  await tour();
  say.end("Everything arrived, once, and was confirmed.");
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function tour(): Promise<void> {
  await using devnet = await say.step("a Waku service node starts on this machine", () => startDevnet());
  say.note(`listening at ${devnet.peers[0]}`);
  const open = (name: string) =>
    ChatClient.create({
      database: join(folder, `${name}.db`),
      network: { peers: devnet.peers, ...devnet.network },
      acknowledgementDelayMs: 300,
    });

  say.chapter("A first message to somebody who is offline");
  let raya = await say.step("Raya opens raya.db: a new account, no server, no registration", () => open("raya"));
  const invite = await say.step("Raya makes an invite link and shares it", () => raya.createInvite());
  say.note(invite);
  await say.step("Raya goes offline", () => raya.close());
  let saro = await say.step("Saro opens saro.db: a new account", () => open("saro"));
  const chat = await say.step("Saro accepts the link", () => saro.accept(invite));
  const hello = await say.send("Saro", "hello Raya, are you there?", (body) => chat.send(text(body)));
  await say.status("Saro", hello, "sent");
  raya = await say.step("Raya comes online", () => open("raya"));
  const received = await say.receive("Raya", raya, "from the store");
  expect(
    isText(received.content) && received.content.text === "hello Raya, are you there?",
    "Raya reads what Saro wrote",
  );
  await say.status("Saro", hello, "delivered");

  say.chapter("An answer");
  const answer = await say.send("Raya", "now I am. hi!", (body) => received.conversation.send(text(body)));
  await say.receive("Saro", saro, "from the filter");
  await say.status("Raya", answer, "delivered");

  say.chapter("A file of 1 MB");
  const bytes = new Uint8Array(randomBytes(FILE_SIZE_BYTES));
  const sentFile = await say.send("Saro", "holiday.jpg (1,000,000 bytes)", () =>
    chat.send(file({ name: "holiday.jpg", mediaType: "image/jpeg", bytes })),
  );
  const { content } = await say.receive("Raya", raya, "in segments");
  expect(isFile(content) && sha256(content.bytes) === sha256(bytes), "the file arrived bit for bit");
  await say.status("Saro", sentFile, "delivered");

  say.chapter("Both are closed, opened again from disk, and go on");
  await say.step("both close their databases", () => Promise.all([raya.close(), saro.close()]));
  raya = await say.step("Raya opens raya.db", () => open("raya"));
  saro = await say.step("Saro opens saro.db", () => open("saro"));
  const [again] = await saro.conversations();
  if (again === undefined) throw new Error("Saro's conversation is not in the database");
  const later: SentMessage = await say.send("Saro", "still here after the restart", (body) => again.send(text(body)));
  const last: IncomingMessage = await say.receive("Raya", raya, "once");
  expect(isText(last.content) && last.content.text === "still here after the restart", "nothing was shown twice");
  await say.status("Saro", later, "delivered");
  await say.history("Raya", last.conversation);
  await say.step("both close", () => Promise.all([raya.close(), saro.close()]));
}

function expect(holds: boolean, claim: string): void {
  if (!holds) throw new Error(`not true: ${claim}`);
  say.check(claim);
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
