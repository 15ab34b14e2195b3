/**
 * Debian's Chromium, or another that is installed.
 * @module
 */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { describe } from "@jest/globals";
import { type Browser, chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: findChromium() ?? "chromium", args: ["--disable-gpu", "--disable-quic"] });
}

/** Skipped, and said so, where there is no Chromium; where there should be one, that is a failure. */
export function describeInChromium(name: string, tests: () => void): void {
  const isSkipped = findChromium() === undefined && process.env.CHAT_REQUIRE_CHROMIUM !== "1";
  if (isSkipped) process.stderr.write(`  skipped: @chat/devnet, ${name}: no Chromium (apt-get install chromium)\n`);
  (isSkipped ? describe.skip : describe)(name, tests);
}

/** What CHROMIUM names, else what is found in PATH. */
function findChromium(): string | undefined {
  const { CHROMIUM, PATH = "" } = process.env;
  if (CHROMIUM) return CHROMIUM;
  return PATH.split(delimiter)
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
