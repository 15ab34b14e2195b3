/**
 * @ronomon/reed-solomon is C and comes without binaries. Its install script wants a compiler, Python and headers from
 * the network, so it never runs; the benchmark compiles the one file itself, once, and needs only a C compiler for it.
 * @module
 */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { BenchError, messageOf } from "../errors.ts";

/** Of its API, what is used. Sources and targets are sets of shards: bit `i` for shard `i`, data before parity. */
export interface NativePeer {
  create(data: number, parity: number): Buffer;
  encode(
    context: Buffer,
    sources: number,
    targets: number,
    data: Buffer,
    dataOffset: number,
    dataLength: number,
    parity: Buffer,
    parityOffset: number,
    parityLength: number,
    done: (error?: Error) => void,
  ): void;
}

const SOURCE = fileURLToPath(import.meta.resolve("@ronomon/reed-solomon/binding.c"));
/** Node's C interface is the same in all versions, so these headers serve whichever Node runs. */
const HEADERS = dirname(fileURLToPath(import.meta.resolve("node-api-headers/include/node_api.h")));
const CACHE = join(import.meta.dirname, "..", "..", "node_modules", ".cache", "native-peer");
/** As node-gyp compiles it for release. */
const FLAGS = ["-O3", "-fno-omit-frame-pointer", "-std=c99", "-fPIC", "-shared", "-DNODE_GYP_MODULE_NAME=binding"];

/** @throws {@link BenchError} `CASE_FAILED` without a compiler */
export async function loadNativePeer(): Promise<NativePeer> {
  const addon = join(CACHE, `${process.platform}-${process.arch}.node`);
  if (!existsSync(addon)) await compile(addon);
  return createRequire(import.meta.url)(addon);
}

async function compile(addon: string): Promise<void> {
  const compiler = process.env.CC ?? "cc";
  const platform = process.platform === "darwin" ? ["-undefined", "dynamic_lookup"] : [];
  mkdirSync(CACHE, { recursive: true });
  const unfinished = `${addon}.${process.pid}`;
  try {
    await promisify(execFile)(compiler, [...FLAGS, ...platform, "-I", HEADERS, "-o", unfinished, SOURCE]);
  } catch (cause) {
    const message = `the peer is C and has to be compiled: install a compiler, or name it in CC; ${messageOf(cause)}`;
    throw new BenchError("CASE_FAILED", message, { cause });
  }
  renameSync(unfinished, addon); // as a whole or not at all
}
