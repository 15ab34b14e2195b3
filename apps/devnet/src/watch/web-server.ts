/**
 * Two small servers on the host of the devnet: metrics for Prometheus, and the page that shows the nodes live.
 * @module
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { codeOf, DevnetError } from "../errors.ts";
import type { Devnet } from "../start-devnet.ts";
import { METRICS_TYPE, metricsOf } from "./metrics.ts";
import { PAGE } from "./page.ts";
import { stateOf, TopicTable } from "./state.ts";

/** What a page that does not read may leave waiting; it misses what comes on top. */
const MAX_WAITING_BYTES = 1024 * 1024;
const STATE_MS = 500;
const TOPICS = 12;
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'";

export interface Served {
  readonly port: number;
  close(): Promise<void>;
}

/** @throws {@link DevnetError} `PORT_IN_USE`, `LISTEN_FAILED` */
export async function serveMetrics(devnet: Devnet, host: string, port: number): Promise<Served> {
  return listen(host, port, (request, response) => {
    if (pathOf(request) !== "/metrics") return notFound(response);
    response.writeHead(200, { "content-type": METRICS_TYPE }).end(metricsOf(devnet));
  });
}

/** @throws {@link DevnetError} `PORT_IN_USE`, `LISTEN_FAILED` */
export async function servePage(devnet: Devnet, host: string, port: number): Promise<Served> {
  const topics = new TopicTable();
  const stopCounting = devnet.observe(topics.observe);
  const served = await listen(host, port, (request, response) => {
    switch (pathOf(request)) {
      case "/":
        response.writeHead(200, { "content-type": "text/html; charset=utf-8", "content-security-policy": POLICY });
        response.end(PAGE);
        return;
      case "/events":
        stream(devnet, topics, response);
        return;
      default:
        notFound(response);
    }
  }).catch((error: unknown) => {
    stopCounting();
    throw error;
  });
  return {
    port: served.port,
    close: async () => {
      stopCounting();
      await served.close();
    },
  };
}

/** Server-sent events: `state` twice a second, `message` for each that flows. */
function stream(devnet: Devnet, topics: TopicTable, response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  const write = (event: string, data: unknown) => {
    if (response.writableLength > MAX_WAITING_BYTES) return;
    response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  };
  const tellState = () => write("state", stateOf(devnet, topics.busiest(TOPICS)));
  const timer = setInterval(tellState, STATE_MS).unref();
  const stop = devnet.observe((event) => write("flow", event));
  response.on("close", () => {
    clearInterval(timer);
    stop();
  });
  tellState();
}

async function listen(
  host: string,
  port: number,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Served> {
  const server: Server = createServer((request, response) => {
    if (request.method === "GET") answer(request, response);
    else response.writeHead(405).end();
  });
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (cause) {
    if (codeOf(cause) === "EADDRINUSE")
      throw new DevnetError("PORT_IN_USE", `port ${port} on ${host} is in use`, { cause });
    throw new DevnetError("LISTEN_FAILED", `cannot listen on ${host}, port ${port}`, { cause });
  }
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function pathOf({ url = "/" }: IncomingMessage): string {
  return url.split("?", 1)[0] ?? "/";
}

function notFound(response: ServerResponse): void {
  response.writeHead(404).end();
}
