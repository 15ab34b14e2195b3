/**
 * A script that measures its own memory: one order, one result.
 * @module
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { scriptArguments } from "./script.ts";

/**
 * Node and libc keep much more than is held, for garbage to come: 100 MiB where the young generation may be large. It is
 * kept small here, or that would be all that is measured.
 */
const FLAGS = ["--expose-gc", "--max-semi-space-size=1"];
const MALLOC = { MALLOC_ARENA_MAX: "1", MALLOC_TRIM_THRESHOLD_: "65536" };
const MAX_RESULT_BYTES = 2 ** 26;

/**
 * @param script - from this folder, without its suffix
 * @returns what it printed, as JSON
 */
export async function runMeasured<Result>(script: string, order: object): Promise<Result> {
  const env = { ...process.env, ...MALLOC };
  const options = { env, maxBuffer: MAX_RESULT_BYTES };
  const { stdout } = await promisify(execFile)(process.execPath, scriptArguments(script, order, FLAGS), options);
  return JSON.parse(stdout);
}
