/**
 * `node scripts/run.mjs <app entry> [arguments]`: sets everything up, then runs one of the apps.
 * The app keeps the folder from which npm was called.
 * @module
 */
import { join } from "node:path";
import { ensureToolchain, ROOT, run } from "./toolchain.mjs";

await ensureToolchain();
// Only now: what it imports needs the Node that the toolchain brought.
const { setUp } = await import("./setup.mjs");
const folder = process.env.INIT_CWD ?? process.cwd();
await setUp();
const [entry, ...args] = process.argv.slice(2);
process.exit(await run(process.execPath, [join(ROOT, entry), ...args], { cwd: folder }));
