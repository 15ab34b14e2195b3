/**
 * A devnet in the text format of Prometheus, version 0.0.4.
 * @module
 */
import type { NodeCounters } from "../counters.ts";
import type { Devnet } from "../start-devnet.ts";

export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

type Count = Exclude<keyof NodeCounters, "dropped" | "subscribers">;

const HELP: Readonly<Record<Count, string>> = {
  pushed: "Messages accepted by light push.",
  relayed: "Messages that arrived from other service nodes.",
  stored: "Messages written to the store.",
  caughtUp: "Messages taken over from the store of another node, after a gap.",
  removed: "Messages that left the store for their age, or for want of room.",
  filtered: "Messages handed to filter subscribers.",
  queried: "Pages of history served.",
};

export function metricsOf({ nodes }: Pick<Devnet, "nodes">): string {
  const lines: string[] = [];
  const family = (
    name: string,
    type: "counter" | "gauge",
    help: string,
    values: readonly [labels: string, number][],
  ) => {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    for (const [labels, value] of values) lines.push(`${name}{${labels}} ${value}`);
  };
  const each = (value: (node: Devnet["nodes"][number]) => number): [string, number][] =>
    nodes.map((node) => [`node="${node.name}"`, value(node)]);
  for (const [count, help] of Object.entries(HELP) as [Count, string][]) {
    family(
      `devnet_${snakeCase(count)}_total`,
      "counter",
      help,
      each(({ counters }) => counters[count]),
    );
  }
  const dropped = nodes.flatMap(({ name, counters }) =>
    Object.entries(counters.dropped).map(([reason, value]): [string, number] => [
      `node="${name}",reason="${reason}"`,
      value,
    ]),
  );
  family("devnet_dropped_total", "counter", "What was thrown away or refused, by reason.", dropped);
  family(
    "devnet_up",
    "gauge",
    "Whether the node runs.",
    each(({ isRunning }) => Number(isRunning)),
  );
  family(
    "devnet_peers",
    "gauge",
    "Connected peers.",
    each(({ peers }) => peers.length),
  );
  family(
    "devnet_subscribers",
    "gauge",
    "Light nodes that subscribed.",
    each(({ counters }) => counters.subscribers),
  );
  family(
    "devnet_store_bytes",
    "gauge",
    "Bytes of messages in the store.",
    each(({ storedBytes }) => storedBytes),
  );
  const memory = process.memoryUsage().rss;
  lines.push("# HELP devnet_resident_bytes Memory of the whole process.", "# TYPE devnet_resident_bytes gauge");
  lines.push(`devnet_resident_bytes ${memory}`);
  return `${lines.join("\n")}\n`;
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
