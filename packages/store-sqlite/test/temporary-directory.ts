/**
 * A directory of the test file that calls this, removed after its last test.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "@jest/globals";

export function temporaryDirectory(): { readonly path: string; file(name: string): string } {
  const path = mkdtempSync(join(tmpdir(), "chat-store-"));
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  return { path, file: (name) => join(path, name) };
}
