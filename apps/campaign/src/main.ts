/**
 * `pnpm campaign <name>`: runs a long campaign in full. `pnpm campaign --list` says what there is.
 * @module
 */
import { runHere } from "./run-here.ts";

process.exitCode = await runHere(process.argv.slice(2));
