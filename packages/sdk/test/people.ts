/** Raya, Saro and a network for tests. @module */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ChatClient, type ChatClientOptions, type DeliveryService, type IncomingMessage, isText } from "@chat/sdk";

export const LIMIT_MS = 20_000;

export function open(delivery: DeliveryService, options: Partial<ChatClientOptions> = {}): Promise<ChatClient> {
  return ChatClient.create({
    database: null,
    network: delivery,
    acknowledgementDelayMs: 0,
    rateLimit: "devnet",
    ...options,
  });
}

/** The next incoming message that nobody has taken. */
export async function next(client: ChatClient): Promise<IncomingMessage> {
  for await (const message of client.messages({ signal: AbortSignal.timeout(LIMIT_MS) })) return message;
  throw new Error(`no message within ${LIMIT_MS} ms`);
}

export function textOf({ content }: IncomingMessage): string {
  if (!isText(content)) throw new TypeError("want a text");
  return content.text;
}

export async function nextText(client: ChatClient): Promise<string> {
  return textOf(await next(client));
}

export async function nextTexts(client: ChatClient, count: number): Promise<string[]> {
  const texts: string[] = [];
  while (texts.length < count) texts.push(await nextText(client));
  return texts;
}

/** Resolves when `holds` does, looking again after every turn of the event loop; never by guessing a time. */
export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + LIMIT_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within ${LIMIT_MS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export function temporaryFolder(): { path: (name: string) => string; [Symbol.dispose](): void } {
  const folder = mkdtempSync(join(tmpdir(), "chat-sdk-"));
  return {
    path: (name) => join(folder, name),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
