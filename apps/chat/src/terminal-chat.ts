/**
 * The conversation of one person with the terminal: commands in, lines out.
 * @module
 */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import {
  type ChatClient,
  ChatError,
  type ChatEvent,
  type CheckState,
  type Conversation,
  type DeliveryStatus,
  file,
  type HealthStatus,
  type Quota,
  type SentMessage,
  StoreError,
  text,
} from "@chat/sdk";
import { describeContent } from "./describe-content.ts";
import { describeQuota, describeWaiting } from "./describe-quota.ts";
import { TransferLines } from "./transfer-lines.ts";

const HELP = `  /invite        make a link that lets one person write to you; /invite many: anybody who has it, after your /accept
  /accept        let the person who asks write to you; /decline: delete what they wrote; /block: and never hear of them
  /join LINK     open a conversation from somebody's link
  /file PATH     send a file; texts overtake it
  /pause N       hold it up, also over a restart; /resume N: go on; /cancel N: end it, N being its number
  /status        who you are, the connection, the quota, your conversations
  /doctor        what works, what does not, and what to do about it
  /help          this list
  /quit          leave
  anything else is sent to the current conversation`;

const HEALTH: Record<HealthStatus, string> = {
  connected: "connected again",
  minimal: "connected by one service node only, or not by all that is needed; messages flow as well as they can",
  disconnected: "connection lost; what you write waits here and is sent when it is back",
};

const MARKS: Record<CheckState, string> = { ok: "✓", warning: "!", failed: "✗", unknown: "?" };

/** What was typed right before leaving gets this long to reach the service node; it rarely takes a tenth of a second. */
const LEAVE_MS = 3000;

type Sent = { readonly number: number; readonly message: SentMessage; shown: DeliveryStatus | undefined };

export class TerminalChat {
  readonly #client: ChatClient;
  readonly #name: string;
  readonly #print: (line: string) => void;
  /** Messages of this run, so that a status can say which one it means. */
  readonly #sent = new Map<string, Sent>();
  #current: Conversation | undefined;
  readonly #transfers = new TransferLines();
  #wasShort = false;

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
    const latest = (await this.#client.conversations()).at(-1);
    if (latest !== undefined) this.#talkTo(latest);
    else this.#print("Nobody to write to yet: /invite makes a link for them, /join LINK opens theirs.");
    const background = Promise.all([this.#showMessages(signal), this.#showEvents(this.#client.events({ signal }))]);
    try {
      for await (const line of lines) {
        if (line.trim() === "/quit") break;
        await this.#obey(line.trim());
      }
      await this.#letGo();
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
      else if (command === "/invite") await this.#invite({ multiUse: rest[0] === "many" });
      else if (command === "/accept" || command === "/decline" || command === "/block") await this.#answer(command);
      else if (command === "/join") await this.#join(rest.join(""));
      else if (command === "/file") await this.#sendFile(line.slice(command.length).trim());
      else if (command === "/pause" || command === "/resume" || command === "/cancel")
        await this.#steer(command, rest[0]);
      else if (command === "/status") await this.#status();
      else if (command === "/doctor") await this.#doctor();
      else if (command.startsWith("/")) this.#print(`✗ No command ${command}; /help lists them.`);
      else await this.#say(line);
    } catch (error) {
      const isOfFile = error instanceof Error && "syscall" in error;
      if (!(error instanceof ChatError || error instanceof StoreError || isOfFile)) throw error;
      this.#print(`✗ ${error.message}`);
    }
  }

  async #invite({ multiUse }: { readonly multiUse: boolean }): Promise<void> {
    const link = await this.#client.createInvite({ multiUse });
    if (multiUse)
      this.#print("Whoever has this link may ask to write to you, for 30 days; they type /join and the link.");
    else this.#print("Send this link to one person; they type /join and the link. It works once.");
    this.#print(link);
  }

  /** Those who ask, newest first. */
  async #requests(): Promise<Conversation[]> {
    const all = await this.#client.overview({ limit: 1_000 });
    return all.flatMap(({ standing, conversation }) => (standing === "request" ? [conversation] : []));
  }

  /** To the first of those who ask; blocking is for the current conversation as well. */
  async #answer(command: "/accept" | "/decline" | "/block"): Promise<void> {
    const asking = (await this.#requests()).at(-1);
    const conversation = asking ?? (command === "/block" ? this.#current : undefined);
    if (conversation === undefined) return this.#print("✗ Nobody asks to write to you.");
    if (command === "/accept") {
      await conversation.accept();
      this.#talkTo(conversation);
      return;
    }
    if (command === "/block") await conversation.block();
    if (conversation === asking) await conversation.delete();
    if (this.#current?.id === conversation.id) this.#current = undefined;
    this.#print(`${shortId(conversation.peer)} is ${command === "/block" ? "blocked" : "declined"}.`);
  }

  async #doctor(): Promise<void> {
    for (const { name, state, detail, remedy } of (await this.#client.doctor()).checks) {
      const advice = remedy === undefined ? "" : ` → ${remedy}`;
      this.#print(`  ${MARKS[state]} ${name.padEnd(12)} ${detail}${advice}`);
    }
  }

  async #join(link: string): Promise<void> {
    if (link === "") {
      this.#print("✗ /join needs a link: /join LINK. The other person makes one with /invite.");
      return;
    }
    const hello = `${this.#name} has joined`;
    const conversation = await this.#client.accept(link, text(hello));
    this.#talkTo(conversation);
    const [first] = await conversation.history({ limit: 1 });
    if (first?.direction !== "outgoing") return;
    this.#print(`You: ${hello}`);
    await this.#track(await this.#client.sentMessage(first.id));
  }

  async #say(line: string): Promise<void> {
    if (this.#current === undefined) {
      this.#print("✗ Nobody to write to yet: /invite makes a link for them, /join LINK opens theirs.");
      return;
    }
    await this.#track(await this.#current.send(text(line)));
  }

  async #sendFile(path: string): Promise<void> {
    if (this.#current === undefined) {
      this.#print("✗ Nobody to send it to yet: /invite makes a link for them, /join LINK opens theirs.");
      return;
    }
    const bytes = new Uint8Array(await readFile(path));
    await this.#track(await this.#current.send(file({ name: basename(path), mediaType: "", bytes })));
  }

  async #steer(command: "/pause" | "/resume" | "/cancel", number: string | undefined): Promise<void> {
    const sent = [...this.#sent.values()].find((each) => `${each.number}` === number);
    if (sent === undefined) {
      this.#print(`✗ ${command} needs the number of a message that you sent, as in ${command} 1.`);
      return;
    }
    const { message } = sent;
    const isDone = await {
      "/pause": () => message.pause(),
      "/resume": () => message.resume(),
      "/cancel": () => message.cancel(),
    }[command]();
    if (!isDone) this.#print(`  (${number}) too late, or no file that is under way`);
    else if (command !== "/cancel") this.#print(`  (${number}) ${command === "/pause" ? "paused" : "goes on"}`);
  }

  #talkTo(conversation: Conversation): void {
    this.#current = conversation;
    this.#print(`Talking to ${shortId(conversation.peer)}. Write; it arrives when they are online.`);
  }

  async #track(message: SentMessage): Promise<void> {
    this.#sent.set(message.id, { number: this.#sent.size + 1, message, shown: undefined });
    this.#showStatus(message.id, await message.status());
  }

  /** A change may be told twice: by the event and by the first look. */
  #showStatus(messageId: string, status: DeliveryStatus): void {
    const sent = this.#sent.get(messageId);
    if (sent === undefined || sent.shown === status || (status === "queued" && sent.shown !== undefined)) return;
    sent.shown = status;
    const why = status === "queued" ? describeWaiting(sent.message.waiting()) : "";
    this.#print(`  (${sent.number}) ${status}${why}`);
  }

  async #letGo(): Promise<void> {
    const messages = [...this.#sent.values()].map(({ message }) => message);
    if (this.#client.health !== "disconnected") {
      const signal = AbortSignal.timeout(LEAVE_MS);
      await Promise.allSettled(messages.map((message) => message.sent({ signal })));
    }
    let queued = 0;
    for (const message of messages) {
      const status = await message.status();
      this.#showStatus(message.id, status);
      if (status === "queued") queued += 1;
    }
    if (queued > 0) this.#print(`${queued} message(s) not sent yet; they go out when you are back.`);
  }

  async #status(): Promise<void> {
    this.#print(`account     ${this.#client.accountId}`);
    this.#print(`connection  ${this.#client.health}`);
    this.#print(`quota       ${describeQuota(this.#client.quota)}`);
    for (const conversation of await this.#client.conversations()) {
      const [last] = (await conversation.history({ limit: 1 })).slice(-1);
      const mark = conversation.id === this.#current?.id ? "*" : " ";
      const status = last?.direction === "outgoing" ? ` [${last.status}]` : "";
      this.#print(
        `${mark} ${shortId(conversation.peer)}  ${last ? describeContent(last.content) : "(empty)"}${status}`,
      );
    }
    const discarded = Object.entries(this.#client.discarded).map(([reason, count]) => `${count} ${reason}`);
    if (discarded.length > 0) this.#print(`ignored     ${discarded.join(", ")}`);
  }

  /** A fresh epoch is news only to who was short of quota. */
  #showQuota(quota: Quota): void {
    const isShort = quota.level !== "high";
    if (isShort || this.#wasShort) this.#print(`  quota ${describeQuota(quota)}`);
    this.#wasShort = isShort;
  }

  #showProgress(event: Extract<ChatEvent, { type: "progress" }>): void {
    const line = this.#transfers.next(event);
    if (line === undefined) return;
    const { number } = this.#sent.get(event.messageId) ?? {};
    this.#print(number === undefined ? `  file of ${shortId(event.conversationId)}: ${line}` : `  (${number}) ${line}`);
  }

  async #showMessages(signal: AbortSignal): Promise<void> {
    for await (const { conversation, content } of this.#client.messages({ signal })) {
      const isRequest = asks(conversation);
      if (this.#current === undefined && !isRequest) this.#talkTo(conversation);
      this.#print(`${shortId(conversation.peer)}: ${describeContent(content)}`);
      if (isRequest) this.#print("  They ask to write to you: /accept, /decline or /block.");
      else await conversation.markRead();
    }
  }

  async #showEvents(events: AsyncIterable<ChatEvent>): Promise<void> {
    for await (const event of events) {
      if (event.type === "status") this.#showStatus(event.messageId, event.status);
      else if (event.type === "connection") this.#print(`  ${HEALTH[event.health]}`);
      else if (event.type === "quota") this.#showQuota(event.quota);
      else if (event.type === "progress") this.#showProgress(event);
      else if (event.type === "cancelled") this.#print(`  a file of ${shortId(event.conversationId)} will not arrive`);
      else if (event.type === "typing" && event.isTyping) this.#print(`  ${shortId(event.conversationId)} writes …`);
      else if (event.type === "missing")
        this.#print(`  ${event.count} earlier message(s) have not arrived yet; looking for them`);
      else if (event.type === "resumed")
        this.#print(`  after a restore: ${event.resent} message(s) come again, ${event.lost + event.lostOwn} are lost`);
      else if (event.type === "stranded")
        this.#print(
          `  ${shortId(event.conversationId)} can not be written to after a restore: /invite them, or /join their link`,
        );
      else if (event.type === "found") this.#print(`  ${event.count} of them found`);
      else if (event.type === "lost") this.#print(`  ${event.count} message(s) are lost`);
      else if (event.type === "error")
        this.#print(`  ✗ ${event.error instanceof Error ? event.error.message : String(event.error)}`);
    }
  }
}

function asks(conversation: Conversation): boolean {
  try {
    return conversation.standing() === "request";
  } catch (error) {
    if (error instanceof ChatError) return false; // declined a moment ago
    throw error;
  }
}

/** Enough to tell people apart on a screen; not enough to be sure who they are. */
function shortId(accountId: string): string {
  return accountId.slice(0, 8);
}
