/**
 * The readable account of the demo: who did what, how long it took, how far each message has come.
 * @module
 */
import type { ChatClient, Conversation, IncomingMessage, SentMessage } from "@chat/sdk";
import { describeContent } from "./describe-content.ts";

/** Far more than any step needs on a slow machine; a step that takes longer is a failure. */
const LIMIT_MS = 60_000;

export class Transcript {
  readonly #startedAtMs = performance.now();

  chapter(title: string): void {
    console.log(`\n${title}`);
  }

  note(line: string): void {
    console.log(`             ${line}`);
  }

  check(claim: string): void {
    this.#line("✓", claim);
  }

  async step<Result>(title: string, work: () => Promise<Result>): Promise<Result> {
    const startedAtMs = performance.now();
    const result = await work();
    this.#line("·", `${title} ${took(startedAtMs)}`);
    return result;
  }

  async send(name: string, body: string, send: (body: string) => Promise<SentMessage>): Promise<SentMessage> {
    const startedAtMs = performance.now();
    const message = await send(body);
    this.#line("→", `${name}: ${body}   [${await message.status()}] ${took(startedAtMs)}`);
    return message;
  }

  /** The next message that nobody has read yet. */
  async receive(name: string, client: ChatClient, how: string): Promise<IncomingMessage> {
    const startedAtMs = performance.now();
    const signal = AbortSignal.timeout(LIMIT_MS);
    for await (const message of client.messages({ signal })) {
      this.#line("←", `${name} reads: ${describeContent(message.content)}   (${how}) ${took(startedAtMs)}`);
      return message;
    }
    throw new Error(`${name} received nothing within ${LIMIT_MS / 1000} s`);
  }

  async status(name: string, message: SentMessage, wanted: "sent" | "delivered"): Promise<void> {
    const startedAtMs = performance.now();
    await message[wanted]({ signal: AbortSignal.timeout(LIMIT_MS) });
    this.#line("✓", `${name} sees: ${wanted} ${took(startedAtMs)}`);
  }

  async history(name: string, conversation: Conversation): Promise<void> {
    this.chapter(`What ${name} finds in the database`);
    for (const message of await conversation.history()) {
      const who = message.direction === "incoming" ? "←" : "→";
      const status = message.direction === "incoming" ? "" : `   [${message.status}]`;
      this.note(`${who} ${describeContent(message.content)}${status}`);
    }
  }

  end(line: string): void {
    console.log(`\n${line} ${took(this.#startedAtMs)}`);
  }

  #line(mark: string, line: string): void {
    const seconds = ((performance.now() - this.#startedAtMs) / 1000).toFixed(2);
    console.log(`  ${seconds.padStart(6)} s ${mark} ${line}`);
  }
}

function took(startedAtMs: number): string {
  const ms = performance.now() - startedAtMs;
  return ms < 1000 ? `(${Math.round(ms)} ms)` : `(${(ms / 1000).toFixed(1)} s)`;
}
