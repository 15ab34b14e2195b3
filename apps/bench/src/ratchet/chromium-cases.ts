/**
 * The portable provider in a browser, beside the same libraries in the same page.
 * @module
 */
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, stop } from "esbuild";
import { chromium } from "playwright-core";
import type { BenchCase, Sides } from "../case.ts";
import { BenchError } from "../errors.ts";
import { payloadOf } from "../segmentation/inputs.ts";
import { MESSAGE_BYTES } from "./message-cases.ts";
import type { Library } from "./page.ts";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
const FLAGS = ["--disable-gpu", "--disable-quic"];
const START_LIMIT_MS = 20_000;

const PEERS = [
  ["olm", "@matrix-org/olm"],
  ["double-ratchet-ts", "double-ratchet-ts"],
  ["2key-ratchet", "2key-ratchet"],
] as const;

export const chromiumCases: readonly BenchCase[] = PEERS.map(([library, peer]) => ({
  name: `pingpong-100b-chromium-${library}`,
  title: `messages of ${MESSAGE_BYTES} bytes, each an answer, in a page of Chromium`,
  unit: "msg/s",
  better: "higher",
  peer,
  rounds: 9,
  limitMs: 60_000,
  prepare: () => openPage(library),
}));

async function openPage(library: Library): Promise<Sides> {
  const executablePath = findChromium();
  const site = await serve(await bundle());
  const browser = await chromium.launch({ executablePath, args: FLAGS, timeout: START_LIMIT_MS });
  const page = await browser.newPage();
  await page.goto(site.url);
  const plaintext = [...payloadOf(MESSAGE_BYTES)];
  const round = (which: Library): Promise<number> =>
    page.evaluate(`measureRound(${JSON.stringify(which)}, "pingpong", ${JSON.stringify(plaintext)})`);
  return {
    ours: () => round("ours"),
    theirs: () => round(library),
    [Symbol.asyncDispose]: async () => {
      await browser.close();
      await site.close();
    },
  };
}

/** What CHROMIUM names, else what is found in PATH. */
function findChromium(): string {
  const { CHROMIUM, PATH = "" } = process.env;
  if (CHROMIUM !== undefined && CHROMIUM !== "") return CHROMIUM;
  const path = PATH.split(delimiter)
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find(existsSync);
  if (path !== undefined) return path;
  throw new BenchError("CASE_FAILED", "chromium: want one in PATH, or named in CHROMIUM; got none");
}

/** For browsers, so with the portable provider. */
async function bundle(): Promise<string> {
  const suffix = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const [page, events] = [`page.${suffix}`, `page-events.${suffix}`];
  try {
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL(page, import.meta.url))],
      bundle: true,
      write: false,
      format: "esm",
      platform: "browser",
      target: "es2023",
      conditions: suffix === "ts" ? ["@chat/source"] : [],
      external: ["fs", "path", "crypto"], // olm and libsodium ask for them only in Node
      alias: { events: fileURLToPath(new URL(events, import.meta.url)) }, // 2key-ratchet has them from Node
      logLevel: "silent", // a failure is thrown
    });
    return outputFiles[0]?.text ?? "";
  } finally {
    await stop(); // its process would stay
  }
}

async function serve(script: string): Promise<{ readonly url: string; close(): Promise<void> }> {
  const wasm = readFileSync(createRequire(import.meta.url).resolve("@matrix-org/olm/olm.wasm"));
  const send = (response: ServerResponse, type: string, body: string | Buffer) =>
    response.writeHead(200, { "content-type": type }).end(body);
  const server = createServer(({ url = "" }, response) => {
    if (url === "/") send(response, "text/html", '<!doctype html><script type="module" src="/page.js"></script>');
    else if (url === "/page.js") send(response, "text/javascript", script);
    else if (url === "/olm.wasm") send(response, "application/wasm", wasm);
    else response.writeHead(404).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
