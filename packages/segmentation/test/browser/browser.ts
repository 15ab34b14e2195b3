/**
 * Debian's Chromium, or another that is installed.
 * @module
 */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
/** Beside playwright's own, with which it runs without a window or a sandbox and asks nobody anything. */
const FLAGS = ["--disable-gpu", "--disable-quic"];
const TIMEOUT_MS = 20_000;

export type Installed = { readonly path: string } | { readonly missing: string };

/** What CHROMIUM names, else what is found in PATH. */
export function findChromium(): Installed {
  const { CHROMIUM, PATH = "" } = process.env;
  if (CHROMIUM !== undefined && CHROMIUM !== "") return { path: CHROMIUM };
  const path = PATH.split(delimiter)
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find(isExecutable);
  return path === undefined ? { missing: "no Chromium (apt-get install chromium, or name one in CHROMIUM)" } : { path };
}

/** With a new profile, which goes when it is closed. */
export function launch(installed: Installed): Promise<Browser> {
  if (!("path" in installed)) throw new Error(installed.missing);
  return chromium.launch({ executablePath: installed.path, args: FLAGS, timeout: TIMEOUT_MS });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
