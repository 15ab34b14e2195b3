/**
 * The accounts of a daemon: each a folder with a database, and a client while it is open, shared by all who call.
 * @module
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ChatClient, type Network } from "@chat/sdk";
import { DaemonError } from "./errors.ts";
import type { OpenAccountRequest } from "./gen/chat/daemon/v1/account_pb.ts";
import type { Log } from "./log.ts";

const NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/;
const DATABASE = "chat.db";

type Opened = { readonly client: Promise<ChatClient>; readonly settings: Buffer };
type Options = {
  /** Has a folder for each account. */
  readonly folder: string;
  /** Of an account that asks for none. */
  readonly networkOf: (account: string) => Network;
  readonly log: Log;
};

export class Accounts {
  readonly #options: Options;
  readonly #opened = new Map<string, Opened>();
  /** For comparing settings, passphrases among them, without keeping them. */
  readonly #settingsKey = randomBytes(32);
  #isClosed = false;

  constructor(options: Options) {
    this.#options = options;
  }

  get openCount(): number {
    return this.#opened.size;
  }

  /** @throws {@link DaemonError} `INVALID_OPTION`, `ACCOUNT_DIFFERS`; what `ChatClient.create` throws */
  async open(request: OpenAccountRequest): Promise<ChatClient> {
    const { name } = request;
    checkName(name);
    if (this.#isClosed) throw new DaemonError("ACCOUNT_NOT_OPEN", "the daemon is shutting down", { retryable: true });
    const settings = this.#fingerprint(request);
    const known = this.#opened.get(name);
    if (known !== undefined) {
      if (timingSafeEqual(known.settings, settings)) return known.client;
      const message = `account ${name}: want the settings that it is open with, got others; close it first`;
      throw new DaemonError("ACCOUNT_DIFFERS", message);
    }
    const client = this.#create(request);
    this.#opened.set(name, { client, settings });
    try {
      return await client;
    } catch (error) {
      this.#opened.delete(name);
      throw error;
    }
  }

  /** @throws {@link DaemonError} `ACCOUNT_NOT_OPEN` */
  get(name: string): Promise<ChatClient> {
    const opened = this.#opened.get(name);
    if (opened !== undefined) return opened.client;
    checkName(name);
    throw new DaemonError(
      "ACCOUNT_NOT_OPEN",
      `account ${name}: want it open, got a closed one; call OpenAccount first`,
    );
  }

  /** @throws {@link DaemonError} `ACCOUNT_NOT_OPEN` */
  async close(name: string): Promise<void> {
    const client = await this.get(name);
    await client.close();
    this.#opened.delete(name);
  }

  async list(): Promise<{ name: string; client: ChatClient | undefined }[]> {
    const { folder } = this.#options;
    const onDisk = existsSync(folder) ? readdirSync(folder).filter((name) => isAccount(folder, name)) : [];
    const names = [...new Set([...onDisk, ...this.#opened.keys()])].sort();
    return Promise.all(
      names.map(async (name) => ({ name, client: await this.#opened.get(name)?.client.catch(() => undefined) })),
    );
  }

  async closeAll(): Promise<void> {
    this.#isClosed = true;
    const closing = [...this.#opened.values()].map(async ({ client }) => (await client).close());
    // One that could not be opened, or not be closed, keeps no other open.
    for (const outcome of await Promise.allSettled(closing)) {
      if (outcome.status === "rejected") this.#options.log.error("an account did not close", {});
    }
    this.#opened.clear();
  }

  async #create(request: OpenAccountRequest): Promise<ChatClient> {
    const { name, passphrase, queueWhenUnreachable, acknowledgementDelayMs, readReceipts, search } = request;
    const { folder, networkOf, log } = this.#options;
    mkdirSync(join(folder, name), { recursive: true, mode: 0o700 });
    return ChatClient.create({
      database: join(folder, name, DATABASE),
      ...(passphrase !== "" && { databaseKey: passphrase }),
      network: request.network === undefined ? networkOf(name) : networkFromWire(request.network),
      whenUnreachable: queueWhenUnreachable ? "queue" : "fail",
      ...(acknowledgementDelayMs !== undefined && { acknowledgementDelayMs }),
      readReceipts,
      search,
      logger: log,
    });
  }

  #fingerprint({ network, ...request }: OpenAccountRequest): Buffer {
    const settings = [
      network && [network.preset, network.peers, network.clusterId, network.shards, network.mailboxBits],
      [request.passphrase, request.acknowledgementDelayMs, request.readReceipts, request.search],
    ];
    return createHmac("sha256", this.#settingsKey).update(JSON.stringify(settings)).digest();
  }
}

type WireNetwork = NonNullable<OpenAccountRequest["network"]>;

function networkFromWire({ preset, peers, clusterId, shards, mailboxBits }: WireNetwork): Network {
  if (preset !== "" && preset !== "twn" && preset !== "devnet") {
    throw new DaemonError("INVALID_OPTION", 'network.preset: want "twn" or "devnet", got another');
  }
  return {
    preset: preset === "" ? "devnet" : preset,
    ...(peers.length > 0 && { peers }),
    ...(clusterId !== undefined && { clusterId }),
    ...(shards !== undefined && { shards }),
    ...(mailboxBits !== undefined && { mailboxBits }),
  };
}

function checkName(name: string): void {
  if (NAME.test(name)) return;
  throw new DaemonError("INVALID_OPTION", "account: want 1 to 64 of a-z, 0-9, - and _, got another name");
}

function isAccount(folder: string, name: string): boolean {
  return NAME.test(name) && existsSync(join(folder, name, DATABASE));
}
