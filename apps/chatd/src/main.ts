#!/usr/bin/env node
/**
 * The command `chatd`: starts a daemon and keeps it up until it is told to stop.
 * @module
 */
import { startDaemon } from "./daemon.ts";
import { DaemonError } from "./errors.ts";
import { type Command, readCommand, USAGE } from "./options.ts";
import { API_REVISION, daemonVersion } from "./version.ts";

async function main(args: string[]): Promise<void> {
  const command = readCommand(args);
  if (command.kind === "help") process.stdout.write(USAGE);
  if (command.kind === "version") console.log(daemonVersion());
  if (command.kind === "run") await run(command);
}

async function run({ options, exitsWithParent }: Extract<Command, { kind: "run" }>): Promise<void> {
  const stop = stopSignal(exitsWithParent);
  const daemon = await startDaemon(options);
  const { socket, tcp, tokenFile } = daemon;
  const place = { ...(socket !== undefined && { socket }), ...(tcp !== undefined && { tcp }), tokenFile };
  console.log(JSON.stringify({ version: daemonVersion(), apiRevision: API_REVISION, pid: process.pid, ...place }));
  void stop.then(() => daemon.close());
  await daemon.closed;
  process.stdin.destroy(); // or it would keep the process
}

function stopSignal(exitsWithParent: boolean): Promise<void> {
  return new Promise((resolve) => {
    // Once each: a second signal ends the process at once.
    for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => resolve());
    if (!exitsWithParent) return;
    // Whoever started us holds the other end, and the system lets go of it however that program ends.
    for (const event of ["end", "close", "error"]) process.stdin.once(event, () => resolve());
    process.stdin.resume();
  });
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isUsage =
    (error instanceof DaemonError && error.code === "INVALID_OPTION") ||
    ("code" in error && String(error.code).startsWith("ERR_PARSE_ARGS"));
  if (isUsage) return `${error.message}\nTry: chatd --help`;
  return error instanceof DaemonError ? error.message : (error.stack ?? error.message);
}

// No top-level await: the self-contained executable is a CommonJS script.
main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(`chatd: ${messageOf(error)}`);
  process.stdin.destroy(); // or it would keep the process
  process.exitCode = error instanceof DaemonError && error.code === "SOCKET_IN_USE" ? 3 : 1;
});
