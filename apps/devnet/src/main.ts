#!/usr/bin/env node
/**
 * The command `devnet`: starts a devnet and keeps it up until it is interrupted.
 * @module
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { DevnetError } from "./errors.ts";
import type { FaultOptions } from "./faults.ts";
import { type Devnet, type DevnetOptions, startDevnet } from "./start-devnet.ts";
import { type Pages, type Watching, watch } from "./watch/watch.ts";

const DEFAULT_PORT = 60_000;

const USAGE = `devnet: a Waku network on this machine

Usage: devnet [options]

  --port PORT      WebSocket port of the first node, the others follow (default ${DEFAULT_PORT}; 0 takes free ports)
  --nodes N        how many service nodes (default 1)
  --data-dir DIR   keep keys and messages in DIR, so that addresses and history survive a restart
  --host IP        address to listen on (default 127.0.0.1)
  --rln [LIMIT[/SECONDS]]
                   refuse what has no RLN proof; LIMIT messages for each member in an epoch of SECONDS (default 100/600).
                   The memberships are files in DIR/rln, so it wants --data-dir
  --rln-members N  how many memberships there are at least (default 2)
  --watch          show nodes, topics and messages per second, live, instead of text
  --web-port PORT  serve a page that shows nodes, links and messages as they flow (0 takes a free port)
  --metrics-port PORT  serve /metrics for Prometheus (0 takes a free port)
  --log            write what happens to standard error, one line of JSON for each event; never payloads
  --limit N        requests of one kind that each peer may make in a second (default 1000)
  --keep-hours H   remove older messages from the store (default: keep them)
  --keep-mb MB     keep at most so many megabytes of messages, on each node (default 1024)

Faults, to see how an app takes them:
  --loss SHARE     do not pass on this share of messages (0 to 1)
  --duplicate SHARE  send this share of messages to a subscriber twice (0 to 1)
  --delay MS[-MS]  pass messages on later
  --refuse STATUS[/SHARE]  refuse pushes, or a share of them, with a status from 400 to 599
  --amnesia        acknowledge messages and store none
  --partition GROUPS  split the nodes: 1/2,3 keeps node 1 apart from 2 and 3
  --seed N         draw other faults

  --json           print one line of JSON, {"peers": [...], "network": {...}}, instead of text
  --help           print this
`;

type Command =
  | { readonly kind: "help" }
  | {
      readonly kind: "run";
      readonly options: DevnetOptions;
      readonly json: boolean;
      readonly watching: Watching;
      readonly groups: number[][];
    };

function parse(args: string[]): Command {
  const { values } = parseArgs({
    args: withLimit(args),
    options: {
      port: { type: "string", default: String(DEFAULT_PORT) },
      nodes: { type: "string", default: "1" },
      "data-dir": { type: "string" },
      host: { type: "string", default: "127.0.0.1" },
      rln: { type: "string" },
      "rln-members": { type: "string", default: "2" },
      limit: { type: "string", default: "1000" },
      "keep-hours": { type: "string" },
      "keep-mb": { type: "string", default: "1024" },
      loss: { type: "string", default: "0" },
      duplicate: { type: "string", default: "0" },
      delay: { type: "string", default: "0" },
      refuse: { type: "string" },
      amnesia: { type: "boolean", default: false },
      partition: { type: "string" },
      seed: { type: "string", default: "1" },
      watch: { type: "boolean", default: false },
      "web-port": { type: "string" },
      "metrics-port": { type: "string" },
      log: { type: "boolean", default: false },
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
    limits: { requestsPerSecond: toNumber("limit", values.limit) },
    retention: {
      maxBytes: toNumber("keep-mb", values["keep-mb"]) * 1_000_000,
      ...(values["keep-hours"] && { maxAgeMs: toNumber("keep-hours", values["keep-hours"]) * 3_600_000 }),
    },
    faults: faultOptions(values),
    ...rlnOptions(values.rln, values["rln-members"], values["data-dir"]),
  };
  const watching = {
    host,
    terminal: values.watch,
    log: values.log,
    webPort: toPort("web-port", values["web-port"]),
    metricsPort: toPort("metrics-port", values["metrics-port"]),
  };
  return { kind: "run", options, json, watching, groups: toGroups(values.partition) };
}

/** `--rln` alone stands for its default: the parser knows no options with a value that may be left out. */
function withLimit(args: string[]): string[] {
  return args.map((arg, index) => (arg === "--rln" && !/^\d/.test(args[index + 1] ?? "") ? "--rln=100" : arg));
}

function rlnOptions(
  limit: string | undefined,
  members: string,
  dataDir: string | undefined,
): Pick<DevnetOptions, "rln"> {
  if (limit === undefined) return {};
  if (dataDir === undefined) throw new DevnetError("INVALID_OPTION", "rln: want --data-dir, where the memberships go");
  const [messagesPerEpoch = "", epochSeconds = "600"] = limit.split("/", 2);
  const rln = {
    folder: join(dataDir, "rln"),
    messagesPerEpoch: toNumber("rln", messagesPerEpoch),
    epochSeconds: toNumber("rln", epochSeconds),
    members: toNumber("rln-members", members),
  };
  return { rln };
}

interface FaultFlags {
  readonly loss: string;
  readonly duplicate: string;
  readonly delay: string;
  readonly refuse?: string | undefined;
  readonly amnesia: boolean;
  readonly seed: string;
}

function faultOptions({ loss, duplicate, delay, refuse, amnesia, seed }: FaultFlags): FaultOptions {
  const [minMs = "", maxMs = minMs] = delay.split("-", 2);
  const [status = "", refusal = "1"] = refuse?.split("/", 2) ?? [];
  return {
    loss: toShare("loss", loss),
    duplication: toShare("duplicate", duplicate),
    delayMs: [toNumber("delay", minMs), toNumber("delay", maxMs)],
    ...(refuse !== undefined && { refuseWith: toNumber("refuse", status), refusal: toShare("refuse", refusal) }),
    amnesia,
    seed: toNumber("seed", seed),
  };
}

/** Nodes are numbered from 1, as in their names. */
function toGroups(text: string | undefined): number[][] {
  const groups = text?.split("/") ?? [];
  return groups.map((group) => group.split(",").map((number) => toNumber("partition", number) - 1));
}

function toShare(name: string, text: string): number {
  if (/^\d*\.?\d+$/.test(text)) return Number(text);
  throw new DevnetError("INVALID_OPTION", `${name}: want a share from 0 to 1, got ${text}`);
}

function toPort(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = toNumber(name, text);
  if (port > 65_535) throw new DevnetError("INVALID_OPTION", `${name}: want a port up to 65535, got ${port}`);
  return port;
}

function toNumber(name: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new DevnetError("INVALID_OPTION", `${name}: want a number, got ${text}`);
}

function announce({ nodes, peers, network, rln }: Devnet, json: boolean, pages: Pages): void {
  if (json) {
    console.log(JSON.stringify({ peers, network, ...(rln && { memberships: rln.memberships }), ...pages }));
    return;
  }
  console.log(
    `devnet is up: cluster ${network.clusterId}, ${network.shards} shards, ${nodes.length} ${nodes.length === 1 ? "node" : "nodes"}`,
  );
  for (const peer of peers) console.log(`  ${peer}`);
  for (const path of rln?.memberships ?? []) console.log(`  RLN membership: ${path}`);
  for (const [name, url] of Object.entries(pages)) console.log(`  ${name}: ${url}`);
  console.log("Stop it with Ctrl-C.");
}

async function prepare(devnet: Devnet, { groups, watching }: Extract<Command, { kind: "run" }>) {
  if (groups.length > 0) await devnet.partition(groups);
  return watch(devnet, watching);
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
  const watching = await prepare(devnet, command).catch(async (error: unknown) => {
    await devnet.close();
    throw error;
  });
  if (!command.watching.terminal) announce(devnet, command.json, watching.pages);
  devnet.rln?.onSlash(({ position, epoch }) => {
    console.error(`devnet: member ${position + 1} used one slot of epoch ${epoch} twice and is removed`);
  });
  await stop;
  await watching.end();
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
