/**
 * Our side: Saro writes to Raya. Both keep everything in SQLite files with the durability that the SDK has by default.
 * @module
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Devnet } from "@chat/devnet";
import { ChatClient, type ChatClientOptions, type Conversation, isText, type SentMessage, text } from "@chat/sdk";
import { Arrivals } from "./arrivals.ts";
import { bodyOf, keyOf, newKeys } from "./body.ts";

const MAILBOX_BITS = 32;

type PairOptions = Pick<ChatClientOptions, "acknowledgementDelayMs">;

export class ChatPair implements AsyncDisposable {
  /** What Raya's application has been given. */
  readonly arrivals = new Arrivals();
  readonly #folder: string;
  readonly #devnet: Devnet;
  readonly #options: PairOptions;
  readonly #unsettled: SentMessage[] = [];
  #raya: ChatClient | undefined;
  #saro: ChatClient | undefined;
  #chat: Conversation | undefined;

  private constructor(folder: string, devnet: Devnet, options: PairOptions) {
    this.#folder = folder;
    this.#devnet = devnet;
    this.#options = options;
  }

  /** Resolves when both have heard from each other, so that what follows is ordinary messages. */
  static async open(devnet: Devnet, options: PairOptions = {}): Promise<ChatPair> {
    const pair = new ChatPair(await mkdtemp(join(tmpdir(), "chat-bench-")), devnet, options);
    try {
      await pair.#meet();
      return pair;
    } catch (error) {
      await pair[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Resolves when the message is durable at Saro's; `arrivals` tells when Raya has it. */
  async send(key: string): Promise<SentMessage> {
    if (this.#chat === undefined) throw new Error("Saro is offline");
    const message = await this.#chat.send(text(bodyOf(key)));
    this.#unsettled.push(message);
    return message;
  }

  /** Resolves when everything that was sent is confirmed, so that nothing of it runs into another measurement. */
  async settle(): Promise<void> {
    await Promise.all(this.#unsettled.splice(0).map((message) => message.delivered()));
  }

  async closeSaro(): Promise<void> {
    this.#chat = undefined;
    await this.#saro?.close();
    this.#saro = undefined;
  }

  /** Starts Saro's client on the account that is in the file. */
  async reopenSaro(): Promise<void> {
    this.#saro = await this.#create("saro");
    [this.#chat] = await this.#saro.conversations();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#raya?.close(), this.#saro?.close()]);
    await rm(this.#folder, { recursive: true, force: true });
  }

  #create(name: string): Promise<ChatClient> {
    // As on a public network, each has a mailbox of their own: nobody is brought what they wrote themselves.
    const network = { peers: this.#devnet.peers, ...this.#devnet.network, mailboxBits: MAILBOX_BITS };
    return ChatClient.create({ database: join(this.#folder, `${name}.db`), network, ...this.#options });
  }

  async #meet(): Promise<void> {
    const raya = await this.#create("raya");
    this.#raya = raya;
    this.#saro = await this.#create("saro");
    const [key = ""] = newKeys(1);
    this.#read(raya).catch((error: unknown) => this.arrivals.fail(error));
    this.#chat = await this.#saro.accept(await raya.createInvite(), text(bodyOf(key)));
    await this.arrivals.of(key);
    const [conversation] = await raya.conversations();
    const answer = await conversation?.send(text("hello"));
    await answer?.delivered();
  }

  async #read(raya: ChatClient): Promise<void> {
    for await (const { content } of raya.messages()) if (isText(content)) this.arrivals.add(keyOf(content.text));
  }
}
