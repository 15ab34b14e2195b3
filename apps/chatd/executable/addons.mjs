/**
 * Native addons inside of one executable: they are assets, since the system can load a library from a file only.
 * @module
 */
import { createRequire } from "node:module";
import { basename } from "node:path";

/** @param {Record<string, string>} files is given the assets that the bundle asks for, by name. */
export function embeddedAddons(files) {
  return {
    name: "embedded-addons",
    setup(build) {
      build.onResolve({ filter: /^better-sqlite3$/ }, ({ importer }) => ({
        path: createRequire(importer).resolve(`better-sqlite3/${platform()}`),
      }));
      build.onResolve({ filter: /\.node$/ }, ({ path, importer }) => ({
        path: createRequire(importer).resolve(path),
        namespace: "addon",
      }));
      build.onLoad({ filter: /.*/, namespace: "addon" }, ({ path }) => {
        files[basename(path)] = path;
        return { contents: loader(basename(path)), loader: "js" };
      });
    },
  };
}

function platform() {
  const isMusl = process.platform === "linux" && process.report.getReport().header.glibcVersionRuntime === undefined;
  return `${process.platform}${isMusl ? "musl" : ""}-${process.arch}`;
}

/** The folder is the owner's alone, and gone before the library does anything. */
const loader = (asset) => `
const { mkdtempSync, rmSync, writeFileSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { join } = require("node:path");
const { getRawAsset } = require("node:sea");
const folder = mkdtempSync(join(tmpdir(), "chatd-"));
try {
  const file = join(folder, ${JSON.stringify(asset)});
  writeFileSync(file, new Uint8Array(getRawAsset(${JSON.stringify(asset)})));
  process.dlopen(module, file);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
`;
