/** The browser example of the README, as it stands there, in Chromium. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { build, stop } from "esbuild";
import type { Browser } from "playwright-core";
import { type Devnet, startDevnet } from "../src/index.ts";
import { describeInChromium, launchChromium } from "./chromium.ts";

const README = fileURLToPath(new URL("../README.md", import.meta.url));

describeInChromium("an app in a browser", () => {
  let devnet: Devnet;
  let browser: Browser;
  let server: Server;
  let script = "";

  beforeAll(async () => {
    const [, example = ""] = /^```js browser\n(.*?)^```/ms.exec(readFileSync(README, "utf8")) ?? [];
    const contents = `${example}\nglobalThis.greetYourself = greetYourself;`;
    const options = { bundle: true, write: false, format: "iife", platform: "browser", target: "es2023" } as const;
    const { outputFiles } = await build({ ...options, stdin: { contents, resolveDir: import.meta.dirname } });
    await stop(); // its process would stay
    script = outputFiles[0]?.text ?? "";
    server = createServer(({ url }, response) => {
      const isPage = url === "/";
      response.writeHead(200, { "content-type": isPage ? "text/html" : "text/javascript" });
      response.end(isPage ? '<!doctype html><link rel="icon" href="data:,"><script src="/app.js"></script>' : script);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    devnet = await startDevnet({ nodes: 2 });
    browser = await launchChromium();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await devnet?.close();
    server?.close();
  });

  test("pushes, is pushed to, and reads history", async () => {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const { peers, network } = devnet;
    const seen = await page.evaluate(
      (at) => (globalThis as unknown as { greetYourself(at: unknown): Promise<unknown> }).greetYourself(at),
      { peers, network },
    );
    expect(seen).toEqual({ received: ["hello"], history: ["hello"] });
    expect(devnet.nodes[0]?.counters).toMatchObject({ pushed: 1, stored: 1 });
  }, 60_000);
});
