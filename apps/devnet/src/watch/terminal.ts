/**
 * The live view in a terminal: a table that is drawn again every second.
 * @module
 */
import type { NodeCounters } from "../counters.ts";
import type { DevnetState, NodeState } from "./state.ts";

const HOME_AND_CLEAR = "\u001b[H\u001b[J";
const MAX_TOPICS = 8;

/** @param before - the state some time ago, for what happens in a second; none at the first time */
export function screenOf(now: DevnetState, before: DevnetState | undefined, columns: number): string {
  const seconds = before === undefined ? Number.POSITIVE_INFINITY : Math.max(now.atMs - before.atMs, 1) / 1_000;
  const { clusterId, shards } = now.network;
  const rows = now.nodes.map((node, index) =>
    nodeRow(node, before?.nodes[index]?.counters, seconds, linksOf(now, index)),
  );
  const lines = [
    `devnet  cluster ${clusterId}  shards ${shards}  links ${now.links.length}`,
    "",
    ...table([NODE_HEAD, ...rows]),
    "",
    ...table([
      ["content topic", "messages", "bytes"],
      ...now.topics
        .slice(0, MAX_TOPICS)
        .map(({ contentTopic, messages, bytes }) => [visible(contentTopic), String(messages), short(bytes)]),
    ]),
    "",
    ...now.nodes.filter(({ isRunning }) => isRunning).map(({ webSocket }) => webSocket),
    "Stop it with Ctrl-C.",
  ];
  return HOME_AND_CLEAR + lines.map((line) => `${line.slice(0, columns)}\n`).join("");
}

const NODE_HEAD = [
  "node",
  "state",
  "links",
  "clients",
  "subs",
  "pushed/s",
  "relayed/s",
  "filtered/s",
  "stored",
  "dropped",
];

function nodeRow(node: NodeState, before: NodeCounters | undefined, seconds: number, links: number): string[] {
  const { counters } = node;
  const rate = (name: "pushed" | "relayed" | "filtered") =>
    ((counters[name] - (before?.[name] ?? counters[name])) / seconds).toFixed(0);
  const dropped = Object.values(counters.dropped).reduce((sum, count) => sum + count, 0);
  return [
    node.name,
    node.isRunning ? "up" : "down",
    String(links),
    String(node.clients.length),
    String(counters.subscribers),
    rate("pushed"),
    rate("relayed"),
    rate("filtered"),
    short(node.storedBytes),
    String(dropped),
  ];
}

function linksOf({ links }: DevnetState, index: number): number {
  return links.filter((link) => link.includes(index)).length;
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

/** Anybody chooses a content topic: control characters must not reach the terminal. */
function visible(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, 60);
}

function short(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(1)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
