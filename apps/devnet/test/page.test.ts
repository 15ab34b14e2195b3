/** The web page in Chromium, looked at by what it draws. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Browser } from "playwright-core";
import { type Devnet, type Served, servePage, startDevnet } from "../src/index.ts";
import { describeInChromium, launchChromium } from "./chromium.ts";
import { openClients, send, subscribe } from "./clients.ts";
import { eventually } from "./eventually.ts";
import { bytesOf } from "./messages.ts";

describeInChromium("the page in Chromium", () => {
  let devnet: Devnet;
  let served: Served;
  let browser: Browser;
  const clients = openClients();
  beforeAll(async () => {
    devnet = await startDevnet({ nodes: 3 });
    served = await servePage(devnet, "127.0.0.1", 0);
    browser = await launchChromium();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await clients.close();
    await served?.close();
    await devnet?.close();
  });

  test("shows nodes, links, light nodes, and messages as they flow", async () => {
    const page = await browser.newPage({ viewport: { width: 1280, height: 760 } });
    const complaints: string[] = [];
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.goto(`http://127.0.0.1:${served.port}/`);
    await page.waitForSelector('body[data-nodes="3"][data-links="3"]');
    const alice = await clients.connect(devnet, devnet.peers[0] ?? "");
    const bob = await clients.connect(devnet, devnet.peers[1] ?? "");
    const topic = '/page/1/<img src=x onerror="alert(1)">/proto';
    await subscribe(bob, topic);
    await page.waitForFunction(() => document.querySelectorAll(".client").length === 2);
    for (let index = 0; index < 20; index += 1) await send(alice, topic, bytesOf(`${index}`));
    // 20 pushed, 40 relayed, 20 delivered.
    await page.waitForFunction(() => Number(document.body.dataset.flown) >= 80);
    await page.waitForFunction(() => document.querySelector("#topics td:nth-child(2)")?.textContent === "20");
    // A content topic is text.
    expect(await page.textContent("#topics td")).toBe(topic);
    expect(await page.locator("img").count()).toBe(0);

    for (let index = 0; index < 5; index += 1) await send(alice, topic, bytesOf(`seen ${index}`));
    const picture = await page.screenshot(process.env.DEVNET_SCREENSHOT ? { path: process.env.DEVNET_SCREENSHOT } : {});
    // Something is drawn in many colours, nothing is blank: a page without content compresses to a few kilobytes.
    expect(picture.length).toBeGreaterThan(20_000);

    await devnet.nodes[2]?.stop();
    await page.waitForSelector('body[data-nodes="2"][data-links="1"]');
    expect(await page.locator("circle.node.down").count()).toBe(1);
    expect(complaints).toEqual([]);
    await page.close();
  }, 60_000);

  test("says that the devnet is gone", async () => {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${served.port}/`);
    await page.waitForFunction(() => document.querySelector("#status")?.textContent === "live");
    await served.close();
    await page.waitForSelector("#status.lost");
    served = await servePage(devnet, "127.0.0.1", 0);
    await eventually("another can be served", () => served.port > 0);
    await page.close();
  }, 60_000);
});
