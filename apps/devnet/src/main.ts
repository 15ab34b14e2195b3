#!/usr/bin/env node
/**
 * The command `devnet`: starts a devnet and keeps it up until it is interrupted.
 * @module
 */
import { parseArgs } from "node:util";
import { DevnetError } from "./errors.ts";
import { type Devnet, type DevnetOptions, startDevnet } from "./start-devnet.ts";

const DEFAULT_PORT = 60_000;

const USAGE = `devnet: a Waku network on this machine

Usage: devnet [options]

  --port PORT      WebSocket port of the first node, the others follow (default ${DEFAULT_PORT}; 0 takes free ports)
  --nodes N        how many service nodes (default 1)
  --data-dir DIR   keep keys and messages in DIR, so that addresses and history survive a restart
  --host IP        address to listen on (default 127.0.0.1)
  --json           print one line of JSON, {"peers": [...], "network": {...}}, instead of text
  --help           print this
`;

type Command =
  | { readonly kind: "help" }
  | { readonly kind: "run"; readonly options: DevnetOptions; readonly json: boolean };

function parse(args: string[]): Command {
  const { values } = parseArgs({
    args,
    options: {
      port: { type: "string", default: String(DEFAULT_PORT) },
      nodes: { type: "string", default: "1" },
      "data-dir": { type: "string" },
      host: { type: "string", default: "127.0.0.1" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return { kind: "help" };
  const { host, json } = values;
  const options = {
    port: toNumber("port", values.port),
    nodes: toNumber("nodes", values.nodes),
    host,
    dataDir: values["data-dir"] ?? null,
  };
  return { kind: "run", options, json };
}

function toNumber(name: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new DevnetError("INVALID_OPTION", `${name}: want a number, got ${text}`);
}

function announce({ nodes, peers, network }: Devnet, json: boolean): void {
  if (json) {
    console.log(JSON.stringify({ peers, network }));
    return;
  }
  console.log(
    `devnet is up: cluster ${network.clusterId}, ${network.shards} shards, ${nodes.length} ${nodes.length === 1 ? "node" : "nodes"}`,
  );
  for (const peer of peers) console.log(`  ${peer}`);
  console.log("Stop it with Ctrl-C.");
}

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    // Once each: a second signal ends the process at once.
    process.once("SIGINT", () => resolve());
    process.once("SIGTERM", () => resolve());
  });
}

async function main(args: string[]): Promise<void> {
  const command = parse(args);
  if (command.kind === "help") {
    console.log(USAGE);
    return;
  }
  const stop = interrupted();
  const devnet = await startDevnet(command.options);
  announce(devnet, command.json);
  await stop;
  await devnet.close();
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(`devnet: ${messageOf(error)}`);
  process.exitCode = 1;
}

function messageOf(error: unknown): string {
  if (error instanceof DevnetError && error.code === "PORT_IN_USE") {
    return `${error.message} (--port 0 takes any free one), or stop the process that uses it`;
  }
  if (!(error instanceof Error)) return String(error);
  const isUsage = error instanceof DevnetError || ("code" in error && String(error.code).startsWith("ERR_PARSE_ARGS"));
  return isUsage ? `${error.message}\nTry: devnet --help` : (error.stack ?? error.message);
}
