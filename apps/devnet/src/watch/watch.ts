/**
 * Starts what the command was asked for to watch its devnet.
 * @module
 */
import type { Devnet } from "../start-devnet.ts";
import { type DevnetState, stateOf, TopicTable } from "./state.ts";
import { screenOf } from "./terminal.ts";
import { serveMetrics, servePage } from "./web-server.ts";

const DRAWN_EVERY_MS = 1_000;
const TOPICS = 8;

export interface Watching {
  readonly host: string;
  /** Draw the live view on standard output. */
  readonly terminal: boolean;
  /** Write each event to standard error. */
  readonly log: boolean;
  readonly webPort: number | undefined;
  readonly metricsPort: number | undefined;
}

/** Addresses by what is to be found there. */
export type Pages = { readonly web?: string; readonly metrics?: string };

/** @throws {@link DevnetError} `PORT_IN_USE`, `LISTEN_FAILED`; nothing stays open then */
export async function watch(devnet: Devnet, options: Watching): Promise<{ pages: Pages; end(): Promise<void> }> {
  const { host, terminal, log, webPort, metricsPort } = options;
  const ends: (() => unknown)[] = [];
  const end = async () => {
    await Promise.all(ends.map((stop) => stop()));
  };
  const at = (port: number) => `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
  let pages: Pages = {};
  try {
    if (log) ends.push(devnet.observe((event) => console.error(JSON.stringify(event))));
    if (metricsPort !== undefined) {
      const served = await serveMetrics(devnet, host, metricsPort);
      ends.push(() => served.close());
      pages = { ...pages, metrics: `${at(served.port)}/metrics` };
    }
    if (webPort !== undefined) {
      const served = await servePage(devnet, host, webPort);
      ends.push(() => served.close());
      pages = { ...pages, web: `${at(served.port)}/` };
    }
  } catch (error) {
    await end();
    throw error;
  }
  if (terminal) ends.push(drawEverySecond(devnet));
  return { pages, end };
}

function drawEverySecond(devnet: Devnet): () => void {
  const topics = new TopicTable();
  const stop = devnet.observe(topics.observe);
  let before: DevnetState | undefined;
  const draw = () => {
    const now = stateOf(devnet, topics.busiest(TOPICS));
    process.stdout.write(screenOf(now, before, process.stdout.columns ?? 120));
    before = now;
  };
  const timer = setInterval(draw, DRAWN_EVERY_MS);
  draw();
  return () => {
    stop();
    clearInterval(timer);
  };
}
