/**
 * Scripts of this folder that campaigns run in processes of their own, in the sources as in the build.
 * @module
 */
import { extname } from "node:path";
import { fileURLToPath } from "node:url";

const SUFFIX = extname(import.meta.filename);
const SOURCE_FLAGS = SUFFIX === ".ts" ? ["--conditions=@chat/source", "--disable-warning=ExperimentalWarning"] : [];

/**
 * What Node is started with.
 *
 * @param script - from this folder, without its suffix
 * @param order - its argument: anything that JSON can hold
 * @param flags - of Node
 */
export function scriptArguments(script: string, order: unknown, flags: readonly string[] = []): string[] {
  const file = fileURLToPath(new URL(`./${script}${SUFFIX}`, import.meta.url));
  return [...SOURCE_FLAGS, ...flags, file, JSON.stringify(order)];
}
