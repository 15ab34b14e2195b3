/**
 * What a writing process and its parent tell each other.
 * @module
 */
import type { PartName } from "./parts.ts";

/** How many steps of each part there are. */
export type StepCounts = Readonly<Record<PartName, number>>;

export type KillsOrder = { readonly files: StoreFiles; readonly seed: number; readonly done: StepCounts };

/** With `secretsPath`, the secrets have a file of their own. */
export type StoreFiles = { readonly path: string; readonly secretsPath?: string };

export type KillsLine =
  | { readonly kind: "open" }
  | { readonly kind: "acknowledged"; readonly part: PartName; readonly number: number };

export const KEY = new Uint8Array(32).fill(7);

/** Of each part at one time. */
export const UNDER_WAY = 3;
