/**
 * Two people and a service node, each in a process of its own: begins them, kills them, and lets them end.
 * @module
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { ChatClient } from "@chat/sdk";
import { MemoryNetwork } from "@chat/sdk/testing";
import { type FileSizes, NAMES, type Name } from "./letters.ts";
import { Lives } from "./lives.ts";
import type { FromNode, FromPerson, NetworkOrder, NodeOrder, PersonOrder, ToPerson } from "./orders.ts";

export const RATE_LIMIT = { messagesPerEpoch: 250, epochSeconds: 2 };

export type RoomOptions = {
  /** Empty; everything is in it. */
  readonly directory: string;
  readonly seed: number;
  readonly files: FileSizes;
  readonly pauseMs: number;
  readonly filePauseMs: number;
  /** Who reads with a position of their own; the others with the one in the database. */
  readonly keepsPosition: Readonly<Record<Name, boolean>>;
  readonly memoryEveryMs?: number;
  readonly onPerson?: (name: Name, line: FromPerson, ageMs: number) => void;
  readonly onNode?: (line: FromNode) => void;
};

export class ChatRoom implements Disposable {
  readonly #options: RoomOptions;
  readonly #people: Readonly<Record<Name, Lives<FromPerson>>>;
  readonly #node: Lives<FromNode>;
  #network: NetworkOrder | undefined;
  #invite = "";

  constructor(options: RoomOptions) {
    this.#options = options;
    const person = (name: Name) =>
      new Lives<FromPerson>("people/person-child", (line, ageMs) => options.onPerson?.(name, line, ageMs));
    this.#people = { raya: person("raya"), saro: person("saro") };
    this.#node = new Lives<FromNode>("people/node-child", (line) => options.onNode?.(line));
  }

  /** The service node, and the invite that Saro begins with. */
  async open(): Promise<void> {
    await this.beginNode();
    const network = new MemoryNetwork().connect();
    await using raya = await ChatClient.create({ database: this.database("raya"), network });
    this.#invite = await raya.createInvite();
  }

  get directory(): string {
    return this.#options.directory;
  }

  /** Of Node. */
  get #flags(): readonly string[] {
    return this.#options.memoryEveryMs === undefined ? [] : ["--expose-gc"];
  }

  database(name: Name): string {
    return join(this.#options.directory, `${name}.db`);
  }

  diary(name: Name): string {
    return join(this.#options.directory, `${name}.log`);
  }

  person(name: Name): Lives<FromPerson> {
    return this.#people[name];
  }

  begin(name: Name): void {
    if (this.#network === undefined) throw new Error("want the room open, got none");
    const { seed, files, pauseMs, filePauseMs, keepsPosition, memoryEveryMs } = this.#options;
    const order: PersonOrder = {
      name,
      seed,
      database: this.database(name),
      diary: this.diary(name),
      network: this.#network,
      ...(name === "saro" && { invite: this.#invite }),
      keepsPosition: keepsPosition[name],
      rateLimit: RATE_LIMIT,
      files,
      pauseMs,
      filePauseMs,
      ...(memoryEveryMs !== undefined && { memoryEveryMs }),
    };
    this.#people[name].begin(order, this.#flags);
  }

  /** Listens where it listened before. */
  async beginNode(): Promise<void> {
    const { directory, memoryEveryMs } = this.#options;
    const port = Number(this.#network?.peers[0]?.split("/")[4] ?? 0);
    const memory = memoryEveryMs !== undefined && { memoryEveryMs };
    this.#node.begin({ folder: join(directory, "node"), port, ...memory } satisfies NodeOrder, this.#flags);
    this.#network = await this.#node.says("listening");
  }

  /** @param wipes - whether it loses all messages that it has stored, too */
  async killNode({ wipes }: { readonly wipes: boolean }): Promise<void> {
    await this.#node.kill();
    if (!wipes) return;
    const archive = join(this.#options.directory, "node", "node-1", "messages.sqlite");
    for (const suffix of ["", "-wal", "-shm", "-journal"]) rmSync(`${archive}${suffix}`, { force: true });
  }

  /** Nobody writes any more; resolves when all that was written has arrived and everybody has gone. */
  async drain(): Promise<void> {
    const tell = (line: ToPerson) => {
      for (const name of NAMES) this.#people[name].tell(line);
    };
    tell("drain");
    for (const name of NAMES) await this.#people[name].says("settled");
    tell("finish");
    for (const name of NAMES) await this.#people[name].end();
  }

  [Symbol.dispose](): void {
    for (const lives of [...Object.values(this.#people), this.#node]) lives[Symbol.dispose]();
  }
}
