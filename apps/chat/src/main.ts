/**
 * A line-based chat in the terminal: `chat --name saro`. Lines are sent to the current conversation,
 * lines that begin with a slash are commands.
 * @module
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { DevnetError, type MembershipFile, MembershipProver, readMembership, rlnQuotaSource } from "@chat/devnet";
import { ChatClient, ChatError, type NetworkPreset, type RateLimit, StoreError } from "@chat/sdk";
import { Screen } from "./screen.ts";
import { TerminalChat } from "./terminal-chat.ts";

const USAGE = `chat --name NAME [options]

  --name NAME       your account on this machine: the file .chat/NAME.db
  --peer MULTIADDR  a service node (may be repeated); default: the devnet on this machine, port 60000
  --database FILE   another database file
  --rln FILE        your membership, where the devnet was started with --rln; gives the limit as well
  --limit N/SECONDS messages that may leave in an epoch of so many seconds; default: 100000/600, the devnet's
  --receipts        let others know what you have read
  --help            this text

Start a service node first: npm run devnet`;

const FOLDER = ".chat";
const DEFAULT_PEER = "/ip4/127.0.0.1/tcp/60000/ws";

class UsageError extends Error {}

try {
  const { values } = parseArgs({
    options: {
      name: { type: "string" },
      peer: { type: "string", multiple: true },
      database: { type: "string" },
      limit: { type: "string" },
      rln: { type: "string" },
      receipts: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  if (values.help) console.log(USAGE);
  else {
    const { database, limit, rln } = values;
    if (rln !== undefined && limit !== undefined)
      throw new UsageError("--limit: with --rln, the membership has the limit");
    const rateLimit = limit === undefined ? "devnet" : readLimit(limit);
    const membership = rln === undefined ? undefined : readMembership(rln);
    const peers = values.peer ?? [DEFAULT_PEER];
    const readReceipts = values.receipts ?? false;
    await chat(checkName(values.name), { database, peers, rateLimit, membership, readReceipts });
  }
} catch (error) {
  const isOurs = error instanceof ChatError || error instanceof StoreError || error instanceof DevnetError;
  const isExpected = isOurs || isUsageError(error);
  console.error(isExpected ? `✗ ${explain(error)}` : error);
  if (isUsageError(error)) console.error(`\n${USAGE}`);
  process.exitCode = 1;
}

function checkName(name: string | undefined): string {
  if (name === undefined) throw new UsageError("--name is missing: who are you? For example --name saro");
  // It becomes a file name: nothing that leads to another folder.
  if (!/^[\w-]{1,64}$/.test(name)) throw new UsageError("--name: want 1 to 64 letters (a-z), digits, - and _");
  return name;
}

function readLimit(limit: string): RateLimit {
  const [, messages, seconds] = /^([1-9]\d{0,8})\/([1-9]\d{0,6})$/.exec(limit) ?? [];
  if (messages === undefined) throw new UsageError("--limit: want messages and seconds like 100/600");
  return { messagesPerEpoch: Number(messages), epochSeconds: Number(seconds) };
}

type ChatOptions = {
  readonly peers: string[];
  readonly database: string | undefined;
  readonly rateLimit: NetworkPreset | RateLimit;
  readonly membership: MembershipFile | undefined;
  readonly readReceipts: boolean;
};

async function chat(name: string, options: ChatOptions): Promise<void> {
  const { peers, database, membership, readReceipts } = options;
  if (database === undefined) mkdirSync(FOLDER, { recursive: true, mode: 0o700 });
  const path = database ?? join(FOLDER, `${name}.db`);
  console.log(`Opening ${path}, connecting to ${peers.join(", ")} …`);
  await using prover = membership && new MembershipProver(membership);
  const network = { peers, ...(prover && { rln: prover }) };
  const rateLimit = membership
    ? { source: rlnQuotaSource(membership), epochSeconds: membership.epochSeconds }
    : options.rateLimit;
  await using client = await ChatClient.create({ database: path, network, rateLimit, readReceipts });
  using screen = new Screen();
  // Once: whoever interrupts again does not want to wait.
  process.once("SIGINT", () => screen.close());
  process.once("SIGTERM", () => screen.close());
  await new TerminalChat(client, name, (line) => screen.print(line)).run(screen.lines());
}

function explain(error: Error): string {
  if (error instanceof StoreError && error.code === "STORE_LOCKED") {
    const who = error.holder === undefined ? "" : ` (process ${error.holder.pid})`;
    return `this account is open in another terminal${who}: leave it there with /quit, or take another --name`;
  }
  return error.message;
}

function isUsageError(error: unknown): error is Error {
  return (
    error instanceof UsageError ||
    (error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS"))
  );
}
