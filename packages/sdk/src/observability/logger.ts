/**
 * Where the client tells developers what it does. `console` is one.
 * Entries name events and counts, and ids that mean nothing elsewhere. No content, no key, no link, no account.
 * @module
 */

export type LogFields = Readonly<Record<string, string | number | boolean>>;

export interface Logger {
  debug(event: string, fields: LogFields): void;
  info(event: string, fields: LogFields): void;
  warn(event: string, fields: LogFields): void;
  error(event: string, fields: LogFields): void;
}

export type LogLevel = keyof Logger;

export const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} };
