/**
 * What the daemon tells about itself, one line of JSON for each event. Never content, keys, links or tokens.
 * @module
 */
import type { Logger } from "@chat/sdk";

export type Log = Logger;

type Level = keyof Logger;
const LEVELS: readonly Level[] = ["debug", "info", "warn", "error"];
export type LogLevel = Level | "silent";

/** @param write - takes one line without its end */
export function jsonLog(level: LogLevel, write: (line: string) => void): Log {
  const from = level === "silent" ? LEVELS.length : LEVELS.indexOf(level);
  const writerOf =
    (index: number, name: Level): Logger[Level] =>
    (event, fields) => {
      if (index >= from) write(JSON.stringify({ time: new Date().toISOString(), level: name, event, ...fields }));
    };
  return {
    debug: writerOf(0, "debug"),
    info: writerOf(1, "info"),
    warn: writerOf(2, "warn"),
    error: writerOf(3, "error"),
  };
}
