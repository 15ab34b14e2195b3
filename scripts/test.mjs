/**
 * `npm test`: sets everything up, runs the static checks, every jest test, then those of `bindings/`; closes with
 * `N passed, N failed`. Arguments go to jest, and then the others are left out (`npm test -- packages/sds`).
 * @module
 */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ensureToolchain, ROOT, run } from "./toolchain.mjs";

await ensureToolchain();
// Only now: what they import needs the Node that the toolchain brought.
const { setUp } = await import("./setup.mjs");
const { staticChecks } = await import("./checks.mjs");
const { testBindings } = await import("./bindings.mjs");
await setUp();
const jestArgs = process.argv.slice(2);
const isWhole = jestArgs.length === 0;
const checks = isWhole ? await staticChecks() : { passed: 0, failed: [] };
const tests = await jest(jestArgs);
const bindings = isWhole ? testBindings() : { passed: 0, failed: [] };
for (const name of checks.failed) console.log(`✗ check failed: ${name}`);
for (const name of [...tests.failures, ...bindings.failed]) console.log(`✗ test failed: ${name}`);
const failed = checks.failed.length + tests.failed + bindings.failed.length;
console.log(`${checks.passed + tests.passed + bindings.passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

/**
 * A suite that cannot even load counts as one failure. After a failed test its sockets may still be open: that must not
 * keep the run alive. That clients and nodes let the process go is tested with processes of their own.
 */
async function jest(args) {
  console.log("• Tests");
  const report = join(ROOT, "node_modules", ".cache", "chat-tests.json");
  rmSync(report, { force: true });
  const command = ["--experimental-vm-modules", "--no-warnings=ExperimentalWarning", "node_modules/jest/bin/jest.js"];
  const code = await run(process.execPath, [...command, "--forceExit", "--json", `--outputFile=${report}`, ...args], {
    stdio: ["ignore", "ignore", "inherit"], // the JSON is in the file; people read standard error
  });
  try {
    const result = JSON.parse(readFileSync(report, "utf8"));
    const failures = result.testResults
      .filter((file) => file.status === "failed")
      .flatMap((file) => {
        const titles = file.assertionResults.filter((test) => test.status === "failed").map((test) => test.fullName);
        return titles.length > 0 ? titles : [`${file.name} did not run`];
      });
    const titles = result.testResults.flatMap((file) => file.assertionResults.map((test) => test.fullName));
    // Long campaigns are cut down here to one fixed seed and one fresh one; a failure is repeated with its seed.
    for (const title of titles.filter((name) => /\(seed \d+/.test(name))) console.log(`  ${title}`);
    const failed = Math.max(failures.length, code === 0 ? 0 : 1);
    return { passed: result.numPassedTests, failed, failures };
  } catch {
    return { passed: 0, failed: 1, failures: ["jest ended without a report"] };
  }
}
