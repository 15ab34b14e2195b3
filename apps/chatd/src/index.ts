export { type Daemon, type DaemonOptions, startDaemon } from "./daemon.ts";
export { DaemonError, type DaemonErrorCode } from "./errors.ts";
export { jsonLog, type Log, type LogLevel } from "./log.ts";
export { API_REVISION } from "./version.ts";
