/**
 * The Unix socket: for its owner alone, and taken over from a daemon that died.
 * @module
 */
import { chmodSync, lstatSync, mkdirSync, unlinkSync } from "node:fs";
import { connect, type Server } from "node:net";
import { dirname } from "node:path";
import { DaemonError } from "../errors.ts";

/** Of `sun_path`, without the end mark, on the strictest of the systems. */
const MAX_PATH_BYTES = 103;
const OWNER_ONLY = 0o077;

/** @throws {@link DaemonError} `INVALID_OPTION`, `SOCKET_IN_USE` */
export async function listenOnSocket(server: Server, path: string): Promise<void> {
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    throw new DaemonError("INVALID_OPTION", `socket: want a path of ${MAX_PATH_BYTES} bytes at most, got a longer one`);
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    await listen(server, path);
  } catch (error) {
    if (!isAddressInUse(error)) throw error;
    await removeStale(path);
    await listen(server, path);
  }
}

/** The file has its permissions from the moment it is there. */
function listen(server: Server, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  const umask = process.umask(OWNER_ONLY);
  try {
    server.listen(path, resolve);
  } finally {
    process.umask(umask);
  }
  return promise.then(() => {
    server.off("error", reject);
    chmodSync(path, 0o600);
  });
}

function isAddressInUse(error: unknown): boolean {
  return typeof error === "object" && error !== null && Reflect.get(error, "code") === "EADDRINUSE";
}

async function removeStale(path: string): Promise<void> {
  if (!lstatSync(path).isSocket()) {
    throw new DaemonError("SOCKET_IN_USE", `socket: want a free path or a socket, got another file at ${path}`);
  }
  if (await answers(path)) {
    throw new DaemonError("SOCKET_IN_USE", `socket: want a free path, got one where a daemon listens: ${path}`);
  }
  unlinkSync(path);
}

function answers(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(path);
  socket.once("connect", () => resolve(true));
  socket.once("error", () => resolve(false));
  return promise.finally(() => socket.destroy());
}
