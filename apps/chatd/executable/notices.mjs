/**
 * The licences of everything that is in the executable, which ask to be passed on with it.
 * @module
 */
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** @param {string[]} files of the bundle @param {string} node executable that carries it, of the npm package `node` */
export function notices(files, node) {
  const folders = new Set(
    [...files.map(packageOf), packageOfNode(node)].filter((folder) => folder?.includes("node_modules")),
  );
  return [...folders]
    .map(notice)
    .sort()
    .join(`\n${"=".repeat(80)}\n\n`);
}

function packageOf(file) {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    const manifest = join(folder, "package.json");
    // Some packages have manifests without a name further in, for the format of their modules.
    if (existsSync(manifest) && JSON.parse(readFileSync(manifest, "utf8")).version !== undefined) return folder;
  }
  return undefined;
}

/** The licence of Node, and of all that it is made of, is in the package for the system that `node` installs inside of itself. */
function packageOfNode(executable) {
  const [manifest] = globSync(join(dirname(dirname(executable)), "node_modules", "node-*-*", "package.json"));
  if (manifest === undefined) throw new Error(`want the licence of Node beside ${executable}, found none`);
  return dirname(manifest);
}

function notice(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const texts = globSync("{LICEN[SC]E,licen[sc]e,NOTICE,COPYING}*", { cwd: folder }).sort();
  return [`${name} ${version}, ${license}\n`, ...texts.map((text) => readFileSync(join(folder, text), "utf8"))].join(
    "\n",
  );
}
