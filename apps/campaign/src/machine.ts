/**
 * What figures depend on besides the code. No host name, user or path.
 * @module
 */
import { availableParallelism, cpus } from "node:os";

export type Machine = {
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
  /** Operating system and architecture, for example `linux x64`. */
  readonly platform: string;
};

export function thisMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
  };
}
