/**
 * What the parts of one open store share.
 * @module
 */
import type { Connection } from "./connection.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { Sealer } from "./sealer.ts";

export type StoreParts = {
  readonly connection: Connection;
  readonly sealer: Sealer;
  /** All writes go through it, so that those given together share one wait for the disk. */
  readonly writes: GroupCommit;
  /** False as soon as the store is being closed. */
  readonly isOpen: () => boolean;
  /** @throws StoreError `CLOSED` */
  readonly assertOpen: () => void;
};
