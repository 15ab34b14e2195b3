/** The package in a page: bundled for browsers, opened by Chromium. */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Browser } from "playwright-core";
import { loadLeopardVectors } from "../erasure/leopard-vectors.ts";
import { findChromium, launch } from "./browser.ts";
import type { CodeResult, PageReport, Shape } from "./page.ts";
import { bundlePage, serve } from "./site.ts";

type Visit = {
  readonly report: PageReport;
  readonly requests: readonly string[];
  /** What went over the network as the browser sees it. */
  readonly urls: readonly string[];
  /** Errors and warnings on the console, and uncaught exceptions. */
  readonly complaints: readonly string[];
};

const PAGE_TIMEOUT_MS = 50_000;
const HOOK_TIMEOUT_MS = 60_000;

const { vectors, digests } = loadLeopardVectors();
/** All of them would take plain JavaScript some seconds. */
const cases = {
  "wasm-relaxed-simd": [...vectors, ...digests],
  "wasm-simd": [...vectors, ...digests],
  js: [...vectors, ...digests.slice(0, 2)], // one of each field
};
type Backend = keyof typeof cases;

const installed = findChromium();
const isRequired = process.env.CHAT_REQUIRE_CHROMIUM === "1";
const isSkipped = "missing" in installed && !isRequired;
if (isSkipped) process.stderr.write(`  skipped: @chat/segmentation in a browser: ${installed.missing}\n`);

(isSkipped ? describe.skip : describe)("in Chromium", () => {
  let browser: Browser | undefined;
  let script = "";

  beforeAll(async () => {
    script = await bundlePage();
    browser = await launch(installed);
  }, HOOK_TIMEOUT_MS);
  afterAll(() => browser?.close());

  describe("in a page that allows WebAssembly", () => {
    let visit: Visit;
    beforeAll(async () => {
      visit = await visitPage(browser, script, "'wasm-unsafe-eval'");
    }, HOOK_TIMEOUT_MS);

    test("the erasure code takes SIMD, and plain JavaScript when it is named", () => {
      expect(visit.report.erasure.byDefault).toMatch(/^wasm-(relaxed-)?simd$/);
      expect(visit.report.erasure.whenJsIsNamed).toBe("js");
    });

    test("every backend makes the parity of the vectors, and data again from it", () => {
      const { byDefault, results } = visit.report.erasure;
      const compiled: Backend[] = byDefault === "wasm-simd" ? [byDefault] : ["wasm-relaxed-simd", "wasm-simd"];
      expect(results).toEqual([...compiled, "js" as const].flatMap(wanted));
    });

    test("the hash is in WebAssembly, and each backend knows the answers", () => {
      expect(visit.report.keccak).toEqual({ byDefault: "wasm", digests: [...answers("wasm"), ...answers("js")] });
    });

    worksIn(() => visit);
  });

  describe("in a page whose policy forbids WebAssembly", () => {
    let visit: Visit;
    beforeAll(async () => {
      visit = await visitPage(browser, script);
    }, HOOK_TIMEOUT_MS);

    test("plain JavaScript takes over, with the same results", () => {
      const { erasure, keccak } = visit.report;
      expect(erasure).toEqual({ byDefault: "js", whenJsIsNamed: "js", results: wanted("js") });
      expect(keccak).toEqual({ byDefault: "js", digests: answers("js") });
    });

    worksIn(() => visit);
  });
});

function worksIn(visit: () => Visit): void {
  test("payloads of 3 MB come back whole, an eighth of their messages lost", () => {
    const [small, large] = [
      { field: "8-bit", sent: 181, lost: 22, isWhole: true },
      { field: "16-bit", sent: 363, lost: 45, isWhole: true },
    ];
    expect(visit().report.payloads).toEqual([
      { ...small, blind: false, isStreamed: false },
      { ...small, blind: true, isStreamed: true },
      { ...large, blind: false, isStreamed: true },
      { ...large, blind: true, isStreamed: false },
    ]);
  });

  test("two sends of one blinded payload have no message in common", () => {
    expect(visit().report.equalBlindMessages).toBe(0);
  });

  test("nothing is asked of the network but the page and its script, and the browser has nothing to complain about", () => {
    expect(visit().requests).toEqual(["/", "/page.js"]);
    expect(visit().urls.map((url) => new URL(url).pathname)).toEqual(["/", "/page.js"]);
    expect(visit().complaints).toEqual([]);
  });
}

/** @param allowed - what scripts may do beside coming from the page's own host */
async function visitPage(browser: Browser | undefined, script: string, allowed = ""): Promise<Visit> {
  if (browser === undefined) throw new Error("browser: want one that runs, got none");
  const policy = `default-src 'none'; img-src data:; script-src 'self' ${allowed}`;
  const input = Object.entries(cases).map(([backend, of]) => ({
    backend: backend as Backend,
    shapes: of.map(shapeOf),
  }));
  const site = await serve(script, input, policy);
  try {
    const page = await browser.newPage();
    const urls: string[] = [];
    const complaints: string[] = [];
    page.on("request", (request) => urls.push(request.url()));
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.goto(site.url);
    const text = await page.locator("#report:not(:empty)").textContent({ timeout: PAGE_TIMEOUT_MS });
    await page.close();
    const report: PageReport | { error: string } = JSON.parse(text ?? "");
    if ("error" in report) throw new Error(`page: ${report.error}`);
    const rate = `${Math.round(report.encodeMegabytesPerSecond)} MB/s`;
    process.stderr.write(`  Chromium ${browser.version()} encodes 112 + 16: ${rate} (${report.erasure.byDefault})\n`);
    return { report, requests: [...site.requests], urls, complaints };
  } finally {
    await site.close();
  }
}

function shapeOf({ k, m, bytes }: Shape): Shape {
  return { k, m, bytes };
}

function wanted(backend: Backend): CodeResult[] {
  return cases[backend].map((vector) => {
    return { backend, ...shapeOf(vector), sha256: vector.sha256, isRecovered: true };
  });
}

function answers(backend: "wasm" | "js") {
  return [
    { backend, of: "nothing", hex: "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470" },
    { backend, of: "abc", hex: "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45" },
    { backend, of: "zeros", hex: "70fa24addb21a24bb0e2ccd79382efe47abc740a88ddc3e455c28a53a5848fa9" },
  ];
}
