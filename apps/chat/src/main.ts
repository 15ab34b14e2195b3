/**
 * A line-based chat in the terminal: `chat --name saro`. Lines are sent to the current conversation,
 * lines that begin with a slash are commands.
 * @module
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { ChatClient, ChatError, StoreError } from "@chat/sdk";
import { TerminalChat } from "./terminal-chat.ts";

const USAGE = `chat --name NAME [options]

  --name NAME       your account on this machine: the file .chat/NAME.db
  --peer MULTIADDR  a service node (may be repeated); default: the devnet on this machine, port 60000
  --database FILE   another database file
  --help            this text

Start a service node first: npm run devnet`;

const DEFAULT_PEER = "/ip4/127.0.0.1/tcp/60000/ws";

class UsageError extends Error {}

try {
  const { values } = parseArgs({
    options: {
      name: { type: "string" },
      peer: { type: "string", multiple: true },
      database: { type: "string" },
      help: { type: "boolean" },
    },
  });
  if (values.help) console.log(USAGE);
  else if (values.name === undefined || !/^[\w-]{1,64}$/.test(values.name))
    throw new UsageError("--name: want letters, digits, - and _");
  else await chat(values.name, values.database, values.peer ?? [DEFAULT_PEER]);
} catch (error) {
  const isExpected = error instanceof ChatError || error instanceof StoreError || isUsageError(error);
  console.error(isExpected ? `✗ ${error.message}` : error);
  if (isUsageError(error)) console.error(`\n${USAGE}`);
  process.exitCode = 1;
}

async function chat(name: string, database = join(".chat", `${name}.db`), peers: string[] = []): Promise<void> {
  if (database.startsWith(".chat")) mkdirSync(".chat", { recursive: true, mode: 0o700 });
  await using client = await ChatClient.create({ database, network: { peers } });
  const lines = createInterface({ input: process.stdin, output: process.stdout, prompt: "" });
  process.on("SIGTERM", () => lines.close());
  lines.on("SIGINT", () => lines.close());
  const terminal = new TerminalChat(client, name, (line) => console.log(line));
  await terminal.run(lines);
  lines.close();
}

function isUsageError(error: unknown): error is Error {
  return (
    error instanceof UsageError ||
    (error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS"))
  );
}
