/**
 * One page and its script, on this machine.
 * @module
 */
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { build, stop } from "esbuild";
import type { PageInput } from "./page.ts";

export type Site = {
  readonly url: string;
  /** Paths, in the order they were asked for. */
  readonly requests: readonly string[];
  close(): Promise<void>;
};

/** Fails where an import leads to a module of Node: the script is bundled for browsers. */
export async function bundlePage(): Promise<string> {
  try {
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL("page.ts", import.meta.url))],
      bundle: true,
      write: false,
      format: "esm",
      platform: "browser",
      target: "es2023",
      conditions: ["@chat/source"],
      logLevel: "silent", // a failure is thrown
    });
    const [script] = outputFiles;
    if (script === undefined) throw new Error("bundle: want one file, got none");
    return script.text;
  } finally {
    await stop(); // its process would stay
  }
}

/** @param policy - the Content-Security-Policy of the page */
export async function serve(script: string, input: PageInput, policy: string): Promise<Site> {
  const page = `<!doctype html>
<meta charset="utf-8">
<title>@chat/segmentation</title>
<link rel="icon" href="data:,">
<script id="input" type="application/json">${JSON.stringify(input)}</script>
<output id="report"></output>
<script type="module" src="/page.js"></script>
`;
  const requests: string[] = [];
  const send = (response: ServerResponse, type: string, body: string) => {
    response.writeHead(200, { "content-type": `${type}; charset=utf-8`, "content-security-policy": policy }).end(body);
  };
  const server = createServer(({ url = "" }, response) => {
    requests.push(url);
    if (url === "/") send(response, "text/html", page);
    else if (url === "/page.js") send(response, "text/javascript", script);
    else response.writeHead(404).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    requests,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
