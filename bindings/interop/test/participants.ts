/** Somebody who chats, in this language or in another. @module */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { ChatClient, file, isFile, isText, text } from "@chat/sdk";
import { bindings, type Language, program, scratch } from "./languages.ts";

/** What somebody was told: by whom, and a text or a file. */
export type Heard = {
  readonly from: string;
  readonly text?: string;
  readonly file?: { readonly name: string; readonly size: number; readonly sha256: string };
};

export interface Participant {
  readonly name: string;
  /** By which the others know the conversation with this one. */
  readonly account: string;
  /** Everything, in the order in which it was told. */
  readonly heard: readonly Heard[];
  /** Resolves after the next thing that is told. */
  next(): Promise<void>;
  invite(): Promise<string>;
  /** Says hello. */
  accept(link: string): Promise<void>;
  /** Sends `<name> 1` to `<name> <count>`; resolves when all are delivered. */
  talk(to: string, count: number): Promise<void>;
  /** Resolves when it is delivered. */
  sendFile(to: string, path: string): Promise<void>;
  close(): Promise<void>;
}

/** What both kinds have. */
class Ears {
  readonly heard: Heard[] = [];
  #next = Promise.withResolvers<void>();

  hear(heard: Heard): void {
    this.heard.push(heard);
    this.#next.resolve();
    this.#next = Promise.withResolvers();
  }

  next(): Promise<void> {
    return this.#next.promise;
  }
}

/** The SDK itself, in this process. */
export async function typeScript(name: string, peers: readonly string[]): Promise<Participant> {
  const client = await ChatClient.create({
    database: join(scratch, `${name}.db`),
    network: { peers },
    acknowledgementDelayMs: 0,
  });
  const ears = new Ears();
  const listening = (async () => {
    for await (const { conversation, content } of client.messages()) {
      if (isText(content)) ears.hear({ from: conversation.id, text: content.text });
      if (isFile(content)) ears.hear({ from: conversation.id, file: fileOf(content.name, content.bytes) });
    }
  })();
  return {
    name,
    account: client.accountId,
    heard: ears.heard,
    next: () => ears.next(),
    invite: () => client.createInvite(),
    accept: async (link) => void (await client.accept(link, text("hello"))),
    talk: async (to, count) => {
      const conversation = await client.conversation(to);
      const all = [];
      for (let number = 1; number <= count; number += 1) all.push(await conversation.send(text(`${name} ${number}`)));
      for (const sent of all) await sent.delivered();
    },
    sendFile: async (to, path) => {
      const conversation = await client.conversation(to);
      const sent = await conversation.send(file({ name: basename(path), mediaType: "", bytes: readFileSync(path) }));
      await sent.delivered();
    },
    close: async () => {
      await client.close();
      await listening;
    },
  };
}

export function fileOf(name: string, bytes: Uint8Array): Required<Heard>["file"] {
  return { name, size: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
}

/** A program in another language, which runs a daemon of its own; `daemon` tells its process. */
export async function native(
  language: Language,
  peers: readonly string[],
): Promise<Participant & { daemon(): Promise<number> }> {
  const dataDir = join(scratch, language);
  const child = spawn(await program(language, "chat"), { stdio: ["pipe", "pipe", "inherit"] });
  const conversationWith = new Orders(child);
  const command = [process.execPath, join(bindings, "..", "apps", "chatd", "bin", "chatd.js")];
  const account = await conversationWith.begin({ name: language, dataDir, command, peers });
  const { ears } = conversationWith;
  const order = (body: object) => conversationWith.order(body);
  return {
    name: language,
    account,
    heard: ears.heard,
    next: () => ears.next(),
    invite: async () => String((await order({ do: "invite" })).link),
    accept: async (link) => void (await order({ do: "accept", link })),
    talk: async (conversation, count) => void (await order({ do: "talk", conversation, count })),
    sendFile: async (conversation, path) => void (await order({ do: "file", conversation, path })),
    close: async () => {
      child.stdin?.end();
      if (child.exitCode === null) await once(child, "exit");
    },
    daemon: () => daemonOf(dataDir),
  };
}

type Line = Readonly<Record<string, unknown>>;

class Orders {
  readonly ears = new Ears();
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<Line>>();
  #begun = Promise.withResolvers<string>();

  constructor(child: ChildProcess) {
    this.#child = child;
    if (child.stdout === null) throw new Error("want a pipe, got none");
    createInterface({ input: child.stdout }).on("line", (line) => this.#take(JSON.parse(line)));
    child.on("exit", (code) => this.#fail(new Error(`ended with ${code}`)));
  }

  begin(line: object): Promise<string> {
    this.#say(line);
    return this.#begun.promise;
  }

  order(body: object): Promise<Line> {
    const id = this.#waiting.size + 1;
    const answer = Promise.withResolvers<Line>();
    this.#waiting.set(id, answer);
    this.#say({ id, ...body });
    return answer.promise;
  }

  #say(line: object): void {
    this.#child.stdin?.write(`${JSON.stringify(line)}\n`);
  }

  #take(line: Line): void {
    if (typeof line.account === "string") this.#begun.resolve(line.account);
    else if (typeof line.id === "number") this.#answer(line.id, line);
    else if ("failed" in line) this.#fail(new Error(String(line.failed)));
    else this.ears.hear(line as Heard);
  }

  #answer(id: number, line: Line): void {
    if ("failed" in line) this.#waiting.get(id)?.reject(new Error(String(line.failed)));
    else this.#waiting.get(id)?.resolve(line);
  }

  /** Whoever still waits would wait for ever. */
  #fail(error: Error): void {
    this.#begun.reject(error);
    for (const answer of this.#waiting.values()) answer.reject(error);
  }
}

/** The process of the daemon that has a folder. */
async function daemonOf(dataDir: string): Promise<number> {
  const socketPath = join(dataDir, "chatd.sock");
  const authorization = `Bearer ${readFileSync(`${socketPath}.token`, "utf8")}`;
  const headers = { authorization, "content-type": "application/json" };
  const path = "/chat.daemon.v1.DaemonService/GetInfo";
  const asked = request({ socketPath, method: "POST", path, headers }).end("{}");
  const [answer] = await once(asked, "response");
  return JSON.parse((await answer.toArray()).join("")).processId;
}
