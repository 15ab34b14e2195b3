/** The area `devnet` with so little of everything that a case takes seconds, on the machines that can build the peer. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { devnetArea } from "../src/areas/devnet.ts";
import { goProgram, missingGo } from "../src/devnet/go-program.ts";
import { runCase } from "../src/runner.ts";

/** The first build downloads and compiles for minutes. */
const BUILD_MS = 9 * 60_000;

const storeFolder = mkdtempSync(join(tmpdir(), "chat-bench-devnet-"));
afterAll(() => rmSync(storeFolder, { recursive: true, force: true }));

export const area = devnetArea({
  messages1kb: 50,
  messages100kb: 10,
  latencyMessages: 30,
  subscribers: 20,
  subscriberMessages: 5,
  memoryMessages1kb: 50,
  memoryMessages100kb: 10,
  memoryRestMs: 0,
  flatMinutes: 0.02,
  storedMessages: 2_000,
  storeFolder,
  queries: 3,
});

/** @param more - tests that run after these */
export function describeBesideGoWaku(names: readonly string[], more: () => void = () => {}): void {
  const missing = missingGo();
  const isSkipped = missing !== undefined && process.env.CHAT_REQUIRE_GO !== "1";
  if (isSkipped) process.stderr.write(`  skipped: @chat/bench, beside go-waku: ${missing}\n`);
  (isSkipped ? describe.skip : describe)("beside go-waku", () => {
    beforeAll(async () => {
      await goProgram();
    }, BUILD_MS);

    test.each(names)(
      "%s is measured on both sides",
      async (name) => {
        const found = area.cases.find((each) => each.name === name);
        if (found === undefined) throw new RangeError(`case: want ${name}`);
        const { ours, theirs } = await runCase(found, { rounds: 1 });
        expect(ours.median).toBeGreaterThan(0);
        expect(theirs.median).toBeGreaterThan(0);
      },
      60_000,
    );
    more();
  });
}
