/**
 * The conversation of one person with the terminal: commands in, lines out.
 * @module
 */
import {
  type ChatClient,
  ChatError,
  type ChatEvent,
  type Conversation,
  type SentMessage,
  StoreError,
  text,
} from "@chat/sdk";
import { describeContent } from "./describe-content.ts";

const HELP = `  /invite        make a link that lets one person write to you
  /join LINK     open a conversation from somebody's link
  /status        who you are, the connection, your conversations
  /quit          leave
  anything else is sent to the current conversation`;

export class TerminalChat {
  readonly #client: ChatClient;
  readonly #name: string;
  readonly #print: (line: string) => void;
  /** Messages of this run, so that a status can say which one it means. */
  readonly #sent = new Map<string, number>();
  #current: Conversation | undefined;

  constructor(client: ChatClient, name: string, print: (line: string) => void) {
    this.#client = client;
    this.#name = name;
    this.#print = print;
  }

  /** Ends with `/quit` and at the end of the input. */
  async run(lines: AsyncIterable<string>): Promise<void> {
    const leaving = new AbortController();
    const { signal } = leaving;
    this.#print(`You are ${this.#name}, account ${shortId(this.#client.accountId)}. /help lists the commands.`);
    this.#current = (await this.#client.conversations()).at(-1);
    if (this.#current !== undefined) this.#print(`Talking to ${shortId(this.#current.peer)}.`);
    const background = Promise.all([this.#showMessages(signal), this.#showEvents(this.#client.events({ signal }))]);
    try {
      for await (const line of lines) {
        if (line.trim() === "/quit") break;
        await this.#obey(line.trim());
      }
    } finally {
      leaving.abort();
      await background;
    }
    this.#print("Bye.");
  }

  async #obey(line: string): Promise<void> {
    const [command = "", ...rest] = line.split(/\s+/);
    try {
      if (line === "") return;
      if (command === "/help") this.#print(HELP);
      else if (command === "/invite") this.#print(await this.#client.createInvite());
      else if (command === "/join") await this.#join(rest.join(""));
      else if (command === "/status") await this.#status();
      else if (command.startsWith("/")) this.#print(`No command ${command}; /help lists them.`);
      else await this.#say(line);
    } catch (error) {
      if (!(error instanceof ChatError || error instanceof StoreError)) throw error;
      this.#print(`✗ ${error.message}`);
    }
  }

  async #join(link: string): Promise<void> {
    this.#current = await this.#client.accept(link, text(`${this.#name} has joined`));
    this.#print(`Talking to ${shortId(this.#current.peer)}. Write; it arrives when they are online.`);
  }

  async #say(line: string): Promise<void> {
    if (this.#current === undefined) {
      this.#print("Nobody to write to yet: /invite makes a link for them, /join LINK opens theirs.");
      return;
    }
    const message: SentMessage = await this.#current.send(text(line));
    const number = this.#sent.size + 1;
    this.#sent.set(message.id, number);
    this.#print(`  (${number}) ${await message.status()}`);
  }

  async #status(): Promise<void> {
    this.#print(`account     ${this.#client.accountId}`);
    this.#print(`connection  ${this.#client.health}`);
    for (const conversation of await this.#client.conversations()) {
      const [last] = (await conversation.history({ limit: 1 })).slice(-1);
      const mark = conversation.id === this.#current?.id ? "*" : " ";
      const status = last?.direction === "outgoing" ? ` [${last.status}]` : "";
      this.#print(
        `${mark} ${shortId(conversation.peer)}  ${last ? describeContent(last.content) : "(empty)"}${status}`,
      );
    }
    const discarded = Object.entries(this.#client.discarded).map(([reason, count]) => `${count} ${reason}`);
    if (discarded.length > 0) this.#print(`discarded   ${discarded.join(", ")}`);
  }

  async #showMessages(signal: AbortSignal): Promise<void> {
    for await (const { conversation, content } of this.#client.messages({ signal })) {
      this.#current ??= conversation;
      this.#print(`${shortId(conversation.peer)}: ${describeContent(content)}`);
    }
  }

  async #showEvents(events: AsyncIterable<ChatEvent>): Promise<void> {
    for await (const event of events) {
      if (event.type === "status") {
        const number = this.#sent.get(event.messageId);
        if (number !== undefined && event.status !== "queued") this.#print(`  (${number}) ${event.status}`);
      } else if (event.type === "connection") this.#print(`  ${event.health}`);
      else if (event.type === "missing")
        this.#print(`  ${event.count} earlier message(s) have not arrived yet; looking for them`);
      else if (event.type === "lost") this.#print(`  ${event.count} message(s) are lost`);
      else if (event.type === "error")
        this.#print(`  ✗ ${event.error instanceof Error ? event.error.message : String(event.error)}`);
    }
  }
}

/** Enough to tell people apart on a screen; not enough to be sure who they are. */
function shortId(accountId: string): string {
  return accountId.slice(0, 8);
}
