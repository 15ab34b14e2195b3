/** Sends as much as it can and writes down what leaves; `quota-kill.test.ts` kills it. Last line of input: "drain". */
import { createHash } from "node:crypto";
import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { ChatClient, ChatError, file, type OutboundMessage, text } from "@chat/sdk";
import { MemoryDelivery, MemoryNetwork } from "@chat/sdk/testing";
import type { Order, Record } from "./quota-log.ts";

const { database, log, invite, rateLimit } = JSON.parse(process.argv[2] ?? "") as Order;

function note(record: Record): void {
  appendFileSync(log, `${JSON.stringify(record)}\n`);
}

/** Every message is in the log before the network could have it; every seventh attempt then fails. */
class LoggedDelivery extends MemoryDelivery {
  #calls = 0;

  override async publish(message: OutboundMessage) {
    const { slot, payload } = message;
    if (slot === undefined) throw new Error("want a slot");
    const digest = createHash("sha256").update(payload).digest("hex");
    note({ kind: "published", ...slot, digest, atMs: Date.now() });
    this.#calls += 1;
    if (this.#calls % 7 === 0) throw new ChatError("DELIVERY_REFUSED", "busy", { retryable: true });
    return super.publish(message);
  }
}

let drains = false;
createInterface({ input: process.stdin })
  .on("line", () => {
    drains = true;
  })
  .on("close", () => process.exit(1)); // the test is gone

const client = await ChatClient.create({ database, network: new LoggedDelivery(new MemoryNetwork()), rateLimit });
note({ kind: "opened", used: client.quota.used, epoch: client.quota.epoch });
const conversation = (await client.conversations())[0] ?? (await client.accept(invite));
for (let number = 0; !drains; number += 1) {
  const isFile = number % 5 === 4;
  const bytes = new Uint8Array(300_000);
  const content = isFile ? file({ name: "f", mediaType: "application/octet-stream", bytes }) : text(`${number}`);
  const { id } = await conversation.send(content);
  note({ kind: "accepted", id });
  await pause(25);
}
const sent = await conversation.history({ limit: 10_000 });
for (const { id } of sent) {
  const message = await client.sentMessage(id);
  while (message.waiting() !== undefined) await pause(20);
  note({ kind: "status", id, status: await message.status() });
}
await client.close();
process.exit(0);
