/**
 * libp2p makes a logger for each stream, whether anybody listens or not.
 * @module
 */
import type { ComponentLogger, Logger } from "@libp2p/interface";

const ignore = () => {};
const SILENT: Logger = Object.assign(() => {}, {
  error: ignore,
  trace: ignore,
  enabled: false,
  newScope: () => SILENT,
});

/** Undefined, for libp2p's own, where somebody asks for it by the environment variable DEBUG. */
export const logger: ComponentLogger | undefined =
  process.env.DEBUG === undefined ? { forComponent: () => SILENT } : undefined;
