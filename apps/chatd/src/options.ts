/**
 * The command line.
 * @module
 */
import { homedir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { DaemonOptions } from "./daemon.ts";
import { DaemonError } from "./errors.ts";
import { jsonLog, type LogLevel } from "./log.ts";

export const USAGE = `chatd: end-to-end encrypted chat for every language, as a local daemon

Usage: chatd [options]

  --data-dir DIR        accounts and their keys (default ${defaultDataDir("~")})
  --socket PATH         Unix socket to listen on (default DIR/chatd.sock)
  --tcp PORT            listen on this port of 127.0.0.1 instead, or as well if --socket is given; 0 takes a free one
  --network NAME        of accounts that name none: devnet (default) or twn
  --peer ADDRESS        service node of these, a WebSocket multiaddr; may be given several times
  --exit-with-parent    stop when standard input ends, as it does when the program that started chatd is gone
  --log LEVEL           write debug, info, warn or error lines (JSON) to standard error (default: none)
  --version             print the version
  --help                print this

When it is ready, it prints one line of JSON with where it listens. Callers send the token in "tokenFile" as
"authorization: Bearer <token>". The interface is proto/chat/daemon/v1, by Connect, gRPC or gRPC-Web.
`;

export type Command =
  | { readonly kind: "help" | "version" }
  | { readonly kind: "run"; readonly options: DaemonOptions; readonly exitsWithParent: boolean };

const LOG_LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error", "silent"];

/** @throws {@link DaemonError} `INVALID_OPTION`; what `parseArgs` throws */
export function readCommand(args: string[]): Command {
  const { values } = parseArgs({
    args,
    options: {
      "data-dir": { type: "string" },
      socket: { type: "string" },
      tcp: { type: "string" },
      network: { type: "string", default: "devnet" },
      peer: { type: "string", multiple: true },
      "exit-with-parent": { type: "boolean", default: false },
      log: { type: "string", default: "silent" },
      version: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return { kind: "help" };
  if (values.version) return { kind: "version" };
  const { socket, network: preset, peer: peers } = values;
  if (preset !== "devnet" && preset !== "twn") {
    throw new DaemonError("INVALID_OPTION", `network: want devnet or twn, got ${preset}`);
  }
  const level = LOG_LEVELS.find((name) => name === values.log);
  if (level === undefined)
    throw new DaemonError("INVALID_OPTION", `log: want ${LOG_LEVELS.join(", ")}, got ${values.log}`);
  const options: DaemonOptions = {
    dataDir: values["data-dir"] ?? defaultDataDir(homedir()),
    ...(socket !== undefined && { socket }),
    ...(values.tcp !== undefined && { tcpPort: toPort(values.tcp) }),
    network: { preset, ...(peers && { peers }) },
    log: jsonLog(level, (line) => process.stderr.write(`${line}\n`)),
  };
  return { kind: "run", options, exitsWithParent: values["exit-with-parent"] };
}

function defaultDataDir(home: string): string {
  if (process.platform === "darwin") return join(home, "Library", "Application Support", "chatd");
  const { XDG_DATA_HOME } = process.env;
  return join(home !== "~" && XDG_DATA_HOME ? XDG_DATA_HOME : join(home, ".local", "share"), "chatd");
}

function toPort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new DaemonError("INVALID_OPTION", `tcp: want a port up to 65535, got ${text}`);
}
